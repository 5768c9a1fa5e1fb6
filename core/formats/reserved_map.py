"""Room in the address space for files that come later: each is mapped into its own part when it is there, and taken out
again.

A loader's kernels take one array and offsets into it. Where the files of a container are not all there, room for all of
them is reserved at once: that takes no memory, and what has been mapped stays where it is while others come and go.
(See `joined_maps`, for files that are all there.)
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .joined_maps import NO_RESERVE, JoinedFiles, JoinedMap, MappedPart, array_over, map_at, replace_pages, whole_pages

Numbers = npt.NDArray[np.int64]

EMPTY = mmap.MAP_PRIVATE | getattr(mmap, "MAP_ANONYMOUS", 0) | NO_RESERVE


class ReservedMap:
    """`memory`: uint8 (bytes,), read-only, zeros where nothing is mapped.

    Usable from several threads for different rooms. Who takes a room's files out sees to it that nobody reads them.
    """

    def __init__(self, rooms: Sequence[int]) -> None:
        """`rooms`: bytes of each. Raises OSError where the system has no such address space left."""
        self._rooms = whole_pages(np.array(rooms, np.int64))
        self._starts = np.cumsum(self._rooms) - self._rooms
        total = max(int(self._rooms.sum()), mmap.ALLOCATIONGRANULARITY)
        self._joined = JoinedMap(-1, total, flags=EMPTY, prot=mmap.PROT_READ)
        self.memory = array_over(self._joined, total)
        self._parts: dict[int, list[MappedPart]] = {}
        self._lock = threading.Lock()

    def put(self, room: int, paths: Sequence[Path]) -> JoinedFiles:
        """Map these files one behind the other into a room; where each begins in `memory`.

        Raises OSError for a file that cannot be mapped, ValueError where the room is too small for them.
        """
        sizes = np.array([path.lstat().st_size for path in paths], np.int64)
        taken = whole_pages(sizes)
        if taken.sum() > self._rooms[room]:
            raise ValueError(f"its files take {int(sizes.sum()):,} bytes, more than there is room for")
        starts = int(self._starts[room]) + np.cumsum(taken) - taken
        begin = self.memory.ctypes.data
        places = zip(paths, starts.tolist(), sizes.tolist(), strict=True)
        self._note(room, [map_at(begin + start, path, size) for path, start, size in places if size])
        return JoinedFiles(self.memory, starts, sizes)

    def take_out(self, room: int) -> None:
        """Zeros again in this room."""
        replace_pages(self.memory.ctypes.data + int(self._starts[room]), int(self._rooms[room]), EMPTY)
        self._note(room, [])

    def _note(self, room: int, parts: list[MappedPart]) -> None:
        """What is mapped, for whoever asks whether a file has become shorter meanwhile."""
        with self._lock:
            self._parts[room] = parts
            self._joined.parts = [part for of_room in self._parts.values() for part in of_room]
