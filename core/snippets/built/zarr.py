"""Zarr, read by zarr-python."""

from __future__ import annotations

from ..facts import CodeFacts
from ..snippet import DatasetCode

INIT = """\
group = zarr.open_group(self.path, mode="r")
self.labels = group["labels"][:]
self.classes = group.attrs["classes"]
"""

PLACES = """\
self.offsets, self.lengths = group["offsets"][:], group["lengths"][:]
"""
DICTIONARY = """\
self.dictionary = group["dictionary"][:].tobytes()
"""

SLICE = "self._open()[start:stop]"

OPEN = """\
def _open(self):  # each process opens the group for itself
    if self._pid != os.getpid():
        self._array, self._pid = zarr.open_group(self.path, mode="r")["{name}"], os.getpid()
    return self._array
"""


def zarr(facts: CodeFacts) -> DatasetCode:
    if facts.bare:
        about = "`images` is one array, (samples, height, width, 3), in chunks of whole images."
        name, init = "images", INIT
        get = "pixels = self._open()[i]"
    else:
        about = "Payloads lie in `bytes`, where `offsets` and `lengths` say."
        name, init = "bytes", INIT + PLACES
        get = f"start, stop = self.offsets[i], self.offsets[i] + self.lengths[i]\npixels = {facts.pixels(SLICE)}"
    return DatasetCode(
        about=about,
        init=init + (DICTIONARY if facts.with_dictionary else ""),
        get=get,
        path='STORE / f"{split}.zarr"',
        imports=("import os", "import zarr"),
        methods=OPEN.format(name=name),
        lazy={"_pid": "None", "_array": "None"},
        needs=("zarr",),
    )
