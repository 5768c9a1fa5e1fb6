"""Bytes on disk. Each format is one file and one line here; formats never import each other."""

from __future__ import annotations

from ..base.contracts import Format
from ..base.registry import Entry, Registry

FORMATS: Registry[Format] = Registry(
    "format",
    {
        "disk": Entry(".formats.files:Disk", "Files on disk"),
        "lmdb": Entry(".formats.lmdb:Lmdb", "LMDB", ("lmdb",), "pip install lmdb"),
        "hdf5": Entry(".formats.hdf5:Hdf5", "HDF5", ("h5py",), "pip install h5py hdf5plugin"),
    },
)
