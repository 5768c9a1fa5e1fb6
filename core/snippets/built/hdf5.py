"""HDF5: h5py reads a row, or a slice of bytes."""

from __future__ import annotations

from ..facts import CodeFacts
from ..snippet import DatasetCode

INIT = """\
with h5py.File(self.path) as file:
    self.labels = file["labels"][()]
    self.classes = file["classes"].asstr()[()].tolist()
"""
OFFSETS = """\
    self.offsets = file["offsets"][()]
"""
DICTIONARY = """\
    self.dictionary = file["dictionary"][()].tobytes()
"""

IMAGE = 'self._open()["images"][i]'
SLICE = 'self._open()["bytes"][start:stop]'

OPEN = """\
def _open(self):  # each process opens the file for itself: handles do not survive a fork
    if self._pid != os.getpid():
        self._file, self._pid = h5py.File(self.path), os.getpid()
    return self._file
"""

CLOSE = """\
if self._pid == os.getpid():
    self._file.close()
self._pid = self._file = None
"""


def hdf5(facts: CodeFacts) -> DatasetCode:
    filtered = facts.options.get("filter") in ("zstd", "lz4")
    init = INIT
    if facts.options.get("layout") == "vlen":
        about = "A row of `images` per sample, each of a length of its own."
        get = f"pixels = {facts.pixels(IMAGE)}"
    elif facts.bare:
        about = "`images` is one array, (samples, height, width, 3)."
        get = f"pixels = {IMAGE}"
    else:
        about = "Payloads end to end in `bytes`; `offsets` says where each begins and the last ends."
        init += OFFSETS
        get = f"start, stop = self.offsets[i : i + 2]\npixels = {facts.pixels(SLICE)}"
    return DatasetCode(
        about=about,
        init=init + (DICTIONARY if facts.with_dictionary else ""),
        get=get,
        path='STORE / f"{split}.h5"',
        imports=("import os", "import h5py", *(["import hdf5plugin  # noqa: F401 - brings its filter"] * filtered)),
        methods=OPEN,
        close=CLOSE,
        lazy={"_pid": "None", "_file": "None"},
        needs=("h5py", *(["hdf5plugin"] if filtered else [])),
    )
