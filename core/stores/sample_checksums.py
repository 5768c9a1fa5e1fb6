"""The checksums of every sample that lie beside a store's containers, eight bytes each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import InputError
from ..formats.container import open_file, reason_of

Sums = np.memmap[Any, np.dtype[np.uint64]] | np.ndarray
"""uint64 (n,), one a sample."""


def payload_checksums(path: Path, split: str) -> Sums:
    """XXH3-64 of every encoded payload of a split as it was when it was built.

    Raises InputError where they are missing or are not eight bytes each.
    """
    return _sums(path / f"{split}.checksums")


def field_sums_file(path: Path, split: str) -> Path:
    return path / f"{split}.field_checksums"


def field_checksums(path: Path, split: str) -> Sums:
    """XXH3-64 of the further values of every sample (`core.base.packed_fields`); raises as `payload_checksums` does."""
    return _sums(field_sums_file(path, split))


def _sums(file: Path) -> Sums:
    try:
        with open_file(file) as opened:
            size = os.fstat(opened.fileno()).st_size
            if size % 8:
                raise ValueError(f"{size:,} bytes are not eight a sample")
            return np.memmap(opened, "<u8", "r") if size else np.empty(0, np.uint64)
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {reason_of(error)}; build the store again (--force)") from None
