"""The page cache before a measurement: filled, emptied, and looked at, for exactly the files of one store."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..base.errors import InputError

CACHES = ("warm", "cold")
CHUNK = 1 << 20

WARM = 0.99
"""Of all pages: of many small files the system lets a few go again while the others are read."""


def check_cache(wanted: str) -> None:
    """Raises InputError for a state that there is not."""
    if wanted not in CACHES:
        raise InputError(f"unknown cache state {wanted!r}; there are: {', '.join(CACHES)}")


def prepare_cache(path: Path, wanted: str) -> str:
    """Bring the files under `path` into the page cache ("warm") or out of it ("cold"); nobody may have them mapped.

    Returns `wanted` where looking at every page confirms it, else "uncontrolled": a system that cannot tell or
    does not obey, files larger than memory, or somebody else holding them.
    """
    check_cache(wanted)
    gc.collect()  # a closed loader's maps may hang in cycles, and mapped pages cannot be dropped
    for file in _files(path):
        (_read if wanted == "warm" else _drop)(file)
    resident = resident_share(path)
    if resident is None:
        return "uncontrolled"
    confirmed = resident >= WARM if wanted == "warm" else resident == 0.0
    return wanted if confirmed else "uncontrolled"


def resident_share(path: Path) -> float | None:
    """The share of all pages that are in the page cache; None where the system does not tell."""
    mincore = getattr(ctypes.CDLL(None), "mincore", None) if os.name == "posix" else None
    if mincore is None:
        return None
    resident = pages = 0
    for file in _files(path):
        flags = _resident_pages(file, mincore)
        if flags is None:
            return None
        resident, pages = resident + flags.count(1), pages + len(flags)
    return resident / pages if pages else None


def _resident_pages(file: str, mincore: Callable[..., int]) -> bytes | None:
    """1 for each page that is in the page cache, 0 for each that is not; None where the system does not tell.

    For tens of thousands of small files: of all ways to map one the module `mmap` costs the least.
    """
    with open(file, "rb", buffering=0) as opened:
        size = os.fstat(opened.fileno()).st_size
        if size == 0:
            return b""
        with mmap.mmap(opened.fileno(), size, access=mmap.ACCESS_READ) as memory:
            looked_at = np.frombuffer(memory, np.uint8)
            flags = np.empty(-(-size // mmap.PAGESIZE), np.uint8)
            status = mincore(_address(looked_at), ctypes.c_size_t(size), _address(flags))
            del looked_at  # nobody may see the memory when it is unmapped
    return (flags & 1).tobytes() if status == 0 else None


def _address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _files(path: Path) -> Iterator[str]:
    """The store's data files; the manifest, which opening a store reads, is not among them. Links are followed, as
    whoever reads the store does."""
    if path.is_file():
        yield str(path)
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = f"{folder}/{name}"
            if name != "manifest.json" and os.path.isfile(file):  # noqa: PTH113 - a `Path` takes longer to make
                yield file


def _read(file: str) -> None:
    with open(file, "rb", buffering=0) as opened:
        while opened.read(CHUNK):
            pass


def _drop(file: str) -> None:
    if not hasattr(os, "posix_fadvise"):
        return
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())  # pages that are yet to be written stay
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
