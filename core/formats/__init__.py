"""Bytes on disk. Each format is a folder, whose `__init__` describes it, and one line here.

Formats never import each other. Beside their folders lies what they share: `registration` (what a format says of
itself), `container` (the base of readers, safe opening of files), `handles` (open once per process), `maps` (give the
memory of a map back), `disk_errors` (a full disk), `walk` (all files of a container).
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
    },
)
