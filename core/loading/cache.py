"""The page cache before a measurement: filled, emptied, and looked at, for exactly the files of one store."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
from collections.abc import Iterator
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
        if file.stat().st_size == 0:
            continue
        flags = np.empty(-(-file.stat().st_size // mmap.PAGESIZE), np.uint8)
        memory = np.memmap(file, np.uint8, "r")
        if mincore(_address(memory), ctypes.c_size_t(len(memory)), _address(flags)) != 0:
            return None
        resident, pages = resident + int(np.count_nonzero(flags & 1)), pages + len(flags)
    return resident / pages if pages else None


def _address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _files(path: Path) -> Iterator[Path]:
    """The store's data files; the manifest, which opening a store reads, is not among them."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return (file for file in files if file.is_file() and file.name != "manifest.json")


def _read(file: Path) -> None:
    with file.open("rb", buffering=0) as opened:
        while opened.read(CHUNK):
            pass


def _drop(file: Path) -> None:
    if not hasattr(os, "posix_fadvise"):
        return
    with file.open("rb") as opened:
        os.fsync(opened.fileno())  # pages that are yet to be written stay
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
