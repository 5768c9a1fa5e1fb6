"""The page cache before a measurement: filled, emptied, and looked at, for exactly the files of one store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from core.errors import InputError

CACHES = ("warm", "cold")
PAGE = 4096
CHUNK = 1 << 20
LOOKS = 64
"""Pages of a file that are looked at, spread over it."""


def check_cache(wanted: str) -> None:
    """Raises InputError for a state that there is not."""
    if wanted not in CACHES:
        raise InputError(f"unknown cache state {wanted!r}; there are: {', '.join(CACHES)}")


def prepare_cache(path: Path, wanted: str) -> str:
    """Bring the files under `path` into the page cache ("warm") or out of it ("cold"); nobody may have them mapped.

    Returns `wanted` where looking at the pages confirms it, else "uncontrolled": a system that cannot tell or
    does not obey, files larger than memory, or somebody else holding them.
    """
    check_cache(wanted)
    for file in _files(path):
        (_read if wanted == "warm" else _drop)(file)
    resident = resident_share(path)
    if resident is None:
        return "uncontrolled"
    confirmed = resident == 1.0 if wanted == "warm" else resident == 0.0
    return wanted if confirmed else "uncontrolled"


def resident_share(path: Path) -> float | None:
    """The share of the pages looked at that are in the page cache; None where the system does not tell."""
    if not hasattr(os, "preadv") or not hasattr(os, "RWF_NOWAIT"):
        return None
    try:
        looks = [resident for file in _files(path) for resident in _look(file)]
    except OSError:
        return None
    return sum(looks) / len(looks) if looks else None


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


def _look(file: Path) -> Iterator[bool]:
    """For pages spread over the file, whether a read that must not wait for the disk gets them."""
    size = file.stat().st_size
    with file.open("rb", buffering=0) as opened:
        for page in sorted({(size - 1) * look // (LOOKS - 1) // PAGE for look in range(LOOKS)} if size else ()):
            try:
                os.preadv(opened.fileno(), [bytearray(1)], page * PAGE, os.RWF_NOWAIT)
            except BlockingIOError:
                yield False
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
                yield False
            else:
                yield True
