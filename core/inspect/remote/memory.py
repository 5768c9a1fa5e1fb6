"""A map of bytes that lie elsewhere: its parts are fetched when they are first touched.

Address space of the object's whole size is reserved without access. Whoever touches it (a slice in Python, NumPy, a
library in C) causes a fault; its handler fetches what lies there and puts it in its place, whole and read-only, and the
instruction is tried again. So whatever reads a mapped file reads an object at an address as well, and bytes that were
not fetched can never be taken for zeros. System calls are not served: what is handed to one must be copied first.

At most `RESIDENT` bytes are held; what was fetched first is given back first, and fetched again where it is touched.

Linux only. Layouts: `struct sigaction` and `siginfo_t` of glibc and musl on 64 bits (sigaction(2)).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from ...base.errors import InputError

BLOCK = 1 << 16
"""Bytes that are fetched together; a multiple of the size of a page."""

MOST_BLOCKS = 64
"""Blocks of one fetch, where they are touched one after the other."""

MOST_AHEAD = 1024
"""Blocks of one fetch that was asked for beforehand."""

RESIDENT = 1 << 28
"""Bytes of all maps together that are held."""

LARGEST = 1 << 44
"""Bytes of an object that is mapped: a reader's address space has room for several of 16 TiB."""

BROKEN = 70
"""The status with which a reader ends whose handler failed."""

Fetch = Callable[[Sequence[tuple[int, int]]], Sequence[bytes]]
"""The bytes of ranges (start, stop), exactly."""

_NO_ACCESS = 0
_NORESERVE, _FIXED, _MOVE_THERE = 0x4000, 0x10, 3
_SIGINFO, _ADDRESS_AT = 4, 16
_FAILED = ctypes.c_void_p(-1).value


def available() -> bool:
    """Whether this system has such maps."""
    return sys.platform == "linux" and sys.maxsize > 1 << 32 and BLOCK % mmap.PAGESIZE == 0


class FetchedMap(mmap.mmap):
    """A map of `size` bytes, read-only, that is filled by `fetch`. It lasts as long as its process: address space that
    is given back may become somebody else's.

    Raises InputError for an object that is empty or too large.
    """

    def __new__(cls, size: int, fetch: Fetch) -> FetchedMap:
        if not 0 < size <= LARGEST:
            raise InputError(f"an object of {size:,} bytes cannot be mapped: it must have 1 to {LARGEST:,}")
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        made = super().__new__(cls, -1, size, flags=flags, prot=mmap.PROT_READ)
        _regions.append(_Region(made, fetch))
        return made

    def will_read(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Fetch these bytes (start, stop) together, as far as they are not there, instead of as they are touched;
        `MOST_AHEAD` blocks at most."""
        region = next(one for one in _regions if one.memory is self)
        region.fill_ranges([(max(start, 0), min(stop, len(self))) for start, stop in ranges])

    def madvise(self, *_: Any) -> None:
        """No file is behind it, and pages that were given back would be zeros."""

    def close(self) -> None:
        """It lasts as long as its process."""


class _Region:
    """The memory of one map: what of it is there, and how the rest is fetched."""

    def __init__(self, memory: FetchedMap, fetch: Fetch) -> None:
        self.memory = memory
        self._fetch = fetch
        self._size = len(memory)
        self.begin = _address_of(memory)
        self.end = self.begin + self._size
        self._there: set[int] = set()
        self._next, self._run, self._again = -1, 1, 0
        _listen()
        _check(_system().mprotect(self.begin, self._size, _NO_ACCESS) == 0)

    def fill(self, place: int) -> bool:
        """Fetch what lies around a place. False where it is there, so that the fault is none of ours; it is tried
        twice, since another thread may have fetched it meanwhile."""
        block = place // BLOCK
        if block in self._there:
            self._again += 1
            return self._again < 3
        self._again = 0
        self._fill(block, 1)
        return True

    def fill_ranges(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Fetch the blocks of these ranges that are not there, the first of them where they are too many."""
        blocks = sorted({block for start, stop in ranges for block in range(start // BLOCK, -(-stop // BLOCK))})
        lacking = [block for block in blocks[:MOST_AHEAD] if block not in self._there]
        runs: list[tuple[int, int]] = []
        for block in lacking:
            if runs and runs[-1][1] == block:
                runs[-1] = runs[-1][0], block + 1
            else:
                runs.append((block, block + 1))
        if len(runs) == 1:
            self._fill(runs[0][0], runs[0][1] - runs[0][0])
        elif runs:
            self._next = runs[-1][1]
            self._fetched(runs)

    def _fill(self, block: int, count: int) -> None:
        """Fetch so many blocks; more where reading goes on behind what was fetched last."""
        self._run = min(2 * self._run, MOST_BLOCKS) if block == self._next else 1
        self._next = block + count
        while self._next < block + self._run and self._next * BLOCK < self._size and self._next not in self._there:
            self._next += 1
        self._fetched([(block, self._next)])

    def _fetched(self, runs: Sequence[tuple[int, int]]) -> None:
        """Fetch these blocks (first, behind the last) together."""
        ranges = [(first * BLOCK, min(behind * BLOCK, self._size)) for first, behind in runs]
        for (first, behind), (start, stop), data in zip(runs, ranges, self._fetch(ranges), strict=True):
            if len(data) != stop - start:
                raise ValueError(f"{len(data):,} bytes came where {stop - start:,} were asked for")
            _make_room(stop - start)
            self._put(start, data)
            self._there.update(range(first, behind))
            _held[self, start] = stop - start

    def _put(self, start: int, data: bytes) -> None:
        """Fill new memory, then move it to its place at once: no other thread sees it half full."""
        system, size = _system(), _whole_pages(len(data))
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        made = system.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        _check(made != _FAILED)
        ctypes.memmove(made, data, len(data))
        _check(system.mprotect(made, size, mmap.PROT_READ) == 0)
        _check(system.mremap(made, size, size, _MOVE_THERE, self.begin + start) == self.begin + start)

    def give_back(self, start: int, size: int) -> None:
        """Forget what was fetched there."""
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE | _FIXED
        place = self.begin + start
        _check(_system().mmap(place, _whole_pages(size), _NO_ACCESS, flags, -1, 0) == place)
        self._there.difference_update(range(start // BLOCK, -(-(start + size) // BLOCK)))


_regions: list[_Region] = []
_held: OrderedDict[tuple[_Region, int], int] = OrderedDict()
"""(region, start) of what was fetched -> its bytes, the first fetched first."""

_kept: dict[str, Any] = {}
"""The C library and the handler, which must outlive every fault."""


def _make_room(size: int) -> None:
    while _held and sum(_held.values()) + size > RESIDENT:
        (region, start), held = _held.popitem(last=False)
        region.give_back(start, held)


def _listen() -> None:
    """Have faults come here."""
    if "handler" in _kept:
        return
    _kept["handler"] = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p)(_on_fault)
    action = _SignalAction(handler=ctypes.cast(_kept["handler"], ctypes.c_void_p), flags=_SIGINFO)
    _check(_system().sigaction(int(signal.SIGSEGV), ctypes.byref(action), None) == 0)


def _on_fault(number: int, about: int, _: int) -> None:
    """The handler. It runs in whichever thread touched the memory, in the middle of the instruction that did."""
    try:
        address = ctypes.c_size_t.from_address(about + _ADDRESS_AT).value
        region = next((one for one in _regions if one.begin <= address < one.end), None)
        if region is None or not region.fill(address - region.begin):
            _system().signal(number, None)  # a fault of somebody else's ends the process, as it would without this
    except BaseException as error:  # noqa: BLE001 - nobody is there who could catch it, and the fault would come again
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(BROKEN)


class _SignalAction(ctypes.Structure):
    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_ubyte * 128),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


def _system() -> Any:
    if "system" not in _kept:
        system = ctypes.CDLL(None, use_errno=True)
        address, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        system.mmap.restype = system.mremap.restype = system.signal.restype = address
        system.mmap.argtypes = (address, size, number, number, number, ctypes.c_long)
        system.mremap.argtypes = (address, size, size, number, address)
        system.mprotect.argtypes = (address, size, number)
        system.signal.argtypes = (number, address)
        _kept["system"] = system
    return _kept["system"]


def _check(good: bool) -> None:
    if not good:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _address_of(memory: mmap.mmap) -> int:
    import numpy as np

    return int(np.frombuffer(memory, np.uint8).ctypes.data)


def _whole_pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
