"""Bytes on disk. Each format is a folder, whose `__init__` describes it, and one line here.

Formats never import each other. Beside their folders lies what they share: `registration` (what a format says of
itself), `container` (the base of readers, safe opening of files), `handles` (open once per process), `maps` (give the
memory of a map back), `joined_maps` (several files as one map), `shards` (containers of several files), `folder` (what
lies beside payloads in a container that is a folder), `disk_errors` (a full disk), `walk` (all files of a container).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.registry import Registry
from .registration import FormatRegistration, described_in

if TYPE_CHECKING:
    from ..base.contracts import Format

FORMATS: Registry[Format, FormatRegistration] = Registry(
    "format",
    {
        "disk": described_in("files"),
        "lmdb": described_in("lmdb"),
        "hdf5": described_in("hdf5"),
        "csv": described_in("csv_manifest"),
        "webdataset": described_in("webdataset"),
        "tfrecord": described_in("tfrecord"),
        "parquet": described_in("parquet"),
        "arrow": described_in("arrow"),
        "npy": described_in("npy"),
        "zarr": described_in("zarr"),
    },
)


def keeps_files(name: object) -> bool:
    """Whether this format keeps every sample as a file of its own. False for a name that is not known here, as records
    from elsewhere may have."""
    return isinstance(name, str) and name in FORMATS and FORMATS[name].file_per_sample


def example_format() -> str:
    """The format that a proposal uses where any would do: the first with one mapped container per split."""
    suited = (name for name, entry in FORMATS.items() if entry.mapped and not entry.file_per_sample)
    return next(suited, next(iter(FORMATS)))
