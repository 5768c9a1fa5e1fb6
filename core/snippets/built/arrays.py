"""NumPy's own files, mapped."""

from __future__ import annotations

from ..facts import CodeFacts
from ..snippet import DatasetCode
from .files import CLASSES, DICTIONARY

INIT = """\
self.labels = np.load(self.path / "labels.npy")
"""

OFFSETS = """\
self.offsets = np.load(self.path / "offsets.npy")
"""

OPEN = """\
def _open(self):  # mapped: only what is asked for is read
    if self._data is None:
        self._data = np.load(self.path / "{name}.npy", mmap_mode="r")
    return self._data
"""


def npy(facts: CodeFacts) -> DatasetCode:
    if facts.bare:
        about, name, init = "`images.npy` is one array, (samples, height, width, 3).", "images", INIT
        get = "pixels = np.array(self._open()[i])"
    else:
        about = "Payloads end to end in `bytes.npy`; `offsets.npy` says where each begins."
        name, init = "bytes", INIT + OFFSETS
        get = f"start, stop = self.offsets[i : i + 2]\npixels = {facts.pixels('self._open()[start:stop]')}"
    return DatasetCode(
        about=about,
        init=init + CLASSES + (DICTIONARY if facts.with_dictionary else ""),
        get=get,
        path="STORE / split",
        imports=("import json",),
        methods=OPEN.format(name=name),
        lazy={"_data": "None"},
    )
