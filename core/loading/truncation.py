"""A mapped file that becomes shorter while it is read: an error, where the system would end the process (SIGBUS).

After each batch the file's size is compared with the map's: that finds a file that has been cut. A batch that is in the
making at that moment touches pages which are no more: `bus_error` puts zeros in their place, where it can, so that the
batch comes to its end; it is thrown away then.
"""

from __future__ import annotations

import mmap
import weakref
from functools import cached_property
from types import TracebackType
from typing import Any

import numpy as np

from ..base.contracts import Mapped, Reader, Watched
from ..base.errors import WorkError
from ..formats.joined_maps import JoinedMap
from . import bus_error


class TruncationGuard:
    """`with guard:` around the work of a batch. Does nothing for a reader whose container is not mapped.

    May be entered by several threads at once; a copy that comes through pickle guards in its own process.
    """

    def __init__(self, reader: Reader, name: str) -> None:
        self._reader, self._name = reader, name

    def __enter__(self) -> None:
        """From here on a page that is gone is no end. Raises InputError where the container cannot be opened."""
        self._memory  # noqa: B018 - found and entered in the table once

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises WorkError where the file has become shorter, whatever else went wrong because of it."""
        if self._memory is not None and (damage := self._memory.damage()):
            raise WorkError(f"{self._name} {damage}: verify the store, and build it again")
        if isinstance(self._reader, Watched) and (told := self._reader.changed()):
            raise WorkError(f"{self._name} {told}")

    @cached_property
    def _memory(self) -> _Map | None:
        extents = self._reader.extents() if isinstance(self._reader, Mapped) else None
        mapped = getattr(extents.memory, "_mmap", None) if extents is not None else None
        return _Map(mapped) if isinstance(mapped, mmap.mmap) and len(mapped) else None

    def __reduce__(self) -> tuple[Any, ...]:
        return TruncationGuard, (self._reader, self._name)


class _Map:
    """A map that is in the table for as long as this object lives, which keeps it."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped
        self.size = len(mapped)
        self._slot = bus_error.enter(np.frombuffer(mapped, np.uint8).ctypes.data, self.size)
        if self._slot is not None:
            weakref.finalize(self, bus_error.leave, self._slot)

    def damage(self) -> str:
        """What became of the file; nothing where all that was mapped is still there."""
        # The faults first: a file that is cut between the two looks, with another thread's fault, is one that was cut.
        faults = bus_error.faults(self._slot) if self._slot is not None else 0
        left = self._mapped.size()
        if left < self.size:
            cut = self._mapped.cut() if isinstance(self._mapped, JoinedMap) else ""
            return f"was cut short while it was read, {cut or f'from {self.size:,} bytes to {left:,}'}"
        if faults:
            return "could not be read in places: the disk fails, or the file was cut short and grew again"
        return ""
