"""Several files mapped one behind the other in one piece of address space.

A loader's kernels take one array and offsets into it. So the shards of a container become one array: room for all of
them is reserved, and each file is mapped into its part, which begins at a multiple of the system's granularity. Nothing
is copied; pages come and go as with any map. (POSIX's mmap with MAP_FIXED; where there is none, a container of one file
is mapped as usual.)
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .container import open_descriptor, open_file
from .folder import needed
from .shards import Shard

Memory = np.memmap[Any, np.dtype[np.uint8]]


class JoinedFiles(NamedTuple):
    """`memory`: uint8 (bytes,), read-only; `starts`, `sizes`: int64 (files,), where in it each file lies, in bytes."""

    memory: Memory
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]


def can_join(files: int) -> bool:
    """Whether so many files can be mapped as one piece here."""
    return files <= 1 or (sys.platform != "win32" and hasattr(mmap, "MAP_ANONYMOUS"))


def mapped_together(paths: Sequence[Path]) -> JoinedFiles:
    """All files as one array. Empty files take no room.

    Raises OSError for a file that is missing, a link, or not regular, or where the system has no room, and ValueError
    where this system cannot map several files as one (`can_join`).
    """
    if not can_join(len(paths)):
        raise ValueError("this system cannot map several files as one: build with shards=1")
    sizes = np.array([path.lstat().st_size for path in paths], np.int64)
    if len(paths) == 1 and sizes[0]:
        with open_file(paths[0]) as file:
            return JoinedFiles(np.memmap(file, np.uint8, "r"), np.zeros(1, np.int64), sizes)
    starts, total = room_starts(sizes), int(whole_pages(sizes).sum())
    if not total:
        return JoinedFiles(array_over(None, 0), starts, sizes)
    joined = JoinedMap(-1, total, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE, prot=mmap.PROT_READ)
    memory = array_over(joined, total)
    for path, start, size in zip(paths, starts.tolist(), sizes.tolist(), strict=True):
        if size:
            joined.parts.append(map_at(memory.ctypes.data + start, path, size))
    return JoinedFiles(memory, starts, sizes)


def mapped_shards(folder: Path, shards: Sequence[Shard]) -> JoinedFiles:
    """The files of a container as one array. Raises InputError for one that is missing, ValueError for one that has not
    the size that it should have, and what `mapped_together` does."""
    joined = mapped_together([needed(folder, shard.name) for shard in shards])
    for shard, size in zip(shards, joined.sizes.tolist(), strict=True):
        if size != shard.bytes:
            raise ValueError(f"{shard.name} has {size:,} bytes and should have {shard.bytes:,}")
    return joined


def room_starts(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where files of these sizes, in bytes, begin that are mapped together: int64 (files,)."""
    rooms = whole_pages(sizes)
    return np.asarray(np.cumsum(rooms) - rooms, np.int64)


def whole_pages(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What each takes of the address space."""
    return np.asarray(-(-sizes // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY, np.int64)


NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0)


class JoinedMap(mmap.mmap):
    """The reserved piece, several files in one. It unmaps all of itself when it goes, whatever was mapped into it."""

    parts: list[MappedPart]

    def __new__(cls, *arguments: Any, **named: Any) -> JoinedMap:
        made = super().__new__(cls, *arguments, **named)
        made.parts = []
        return made

    def size(self) -> int:
        """Bytes that can be read; less than its length where a file has become shorter since it was mapped."""
        return len(self) - sum(part.missing() for part in self.parts)

    def cut(self) -> str:
        """The first file that has become shorter, with its sizes then and now, to stand in a sentence; else nothing."""
        found = ((part, missing) for part in self.parts if (missing := part.missing()))
        part, missing = next(found, (None, 0))
        return "" if part is None else f"{part.path.name} from {part.size:,} bytes to {part.size - missing:,}"


@dataclass(frozen=True, slots=True)
class MappedPart:
    """A file as it was when it was mapped."""

    path: Path
    size: int
    device: int
    inode: int

    def missing(self) -> int:
        """Bytes that the file has lost. A file that was put in its place, or none, leaves the map as it is."""
        try:
            status = self.path.lstat()
        except OSError:
            return 0
        if (status.st_dev, status.st_ino) != (self.device, self.inode):
            return 0
        return max(self.size - status.st_size, 0)


def map_at(address: int, path: Path, size: int) -> MappedPart:
    """Map the first `size` bytes of a file there, in the place of whatever is. Raises OSError."""
    descriptor, found = open_descriptor(path)
    try:
        if found < size:
            raise OSError(f"{path} has become shorter while it was opened")
        replace_pages(address, size, mmap.MAP_SHARED, descriptor, str(path))
        status = os.fstat(descriptor)
        return MappedPart(path, size, status.st_dev, status.st_ino)
    finally:
        os.close(descriptor)


def replace_pages(address: int, size: int, flags: int, descriptor: int = -1, name: str = "") -> None:
    """Map something else at this address, to be read; of `name` an error tells. Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    if library.mmap(address, size, mmap.PROT_READ, flags | _FIXED, descriptor, 0) != address:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), name)


_FIXED = 0x10
"""MAP_FIXED of Linux, macOS and the BSDs; the standard library does not name it."""


def array_over(joined: mmap.mmap | None, size: int) -> Memory:
    """A NumPy map over one that is there; who reads it finds that in `_mmap`, as in any NumPy map."""
    array = np.ndarray.__new__(np.memmap, (size,), np.uint8, joined if joined is not None else b"")
    array._mmap = joined  # type: ignore[attr-defined]
    return array
