"""Maps of files: the pages a process has read count as its memory until it gives them back."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from ..base.errors import InputError


@runtime_checkable
class MapsItself(Protocol):
    """A path that is none of this machine's, and knows how its bytes are had."""

    def mapped(self) -> mmap.mmap: ...


class ReadAhead(Protocol):
    """A map that is filled as it is touched."""

    def will_read(self, ranges: Sequence[tuple[int, int]]) -> None: ...


def will_read(memory: Any, *ranges: tuple[int, int]) -> None:
    """These bytes (start, stop) of a whole file's map are read next: where each touch costs a request, they come
    together. `memory`: the map, or a view or array of all of it."""
    view = getattr(memory, "base", memory)
    owner = view.obj if isinstance(view, memoryview) else view
    if hasattr(owner, "will_read"):
        cast("ReadAhead", owner).will_read(ranges)


def map_of(memory: Any) -> mmap.mmap:
    """The map behind a NumPy map."""
    return cast("mmap.mmap", memory._mmap)


def mapped(path: Path) -> mmap.mmap:
    """A file as a read-only map. Raises InputError for one that cannot be mapped, such as an empty one."""
    if isinstance(path, MapsItself):
        return path.mapped()
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
