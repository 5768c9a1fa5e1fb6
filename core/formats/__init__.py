"""Bytes on disk. Each format is one file and one line here; formats never import each other."""

from __future__ import annotations

from core.contracts import Format
from core.tables import Entry, Table

FORMATS: Table[Format] = Table(
    "format",
    {
        "disk": Entry("core.formats.disk:Disk", "Files on disk"),
        "lmdb": Entry("core.formats.lmdb:Lmdb", "LMDB", ("lmdb",), "pip install lmdb"),
        "hdf5": Entry("core.formats.hdf5:Hdf5", "HDF5", ("h5py",), "pip install h5py hdf5plugin"),
    },
)
