"""Maps of files: the pages a process has read count as its memory until it gives them back."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, cast

from ..base.errors import InputError


def map_of(memory: Any) -> mmap.mmap:
    """The map behind a NumPy map."""
    return cast("mmap.mmap", memory._mmap)


def mapped(path: Path) -> mmap.mmap:
    """A file as a read-only map. Raises InputError for one that cannot be mapped, such as an empty one."""
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be mapped: {error}") from None


def release_pages(memory: Any) -> None:
    """Give back the pages of a NumPy map, where the system can; they stay in the page cache and come back when read."""
    mapped = getattr(memory, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
