"""Large files that several environments have alike lie on the disk once, as hard links.

Most environments bring the same PyTorch, which is two thirds of each. Installers replace files and do not write into
them, so an environment that changes leaves the others as they are. Its pages are in the page cache once, too.
"""

from __future__ import annotations

import filecmp
import os
import stat
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

SHARED_FROM = 500_000
"""Bytes from which a file is worth a comparison."""


def share_files(folder: Path, others: Sequence[Path]) -> int:
    """Replace large files of an environment by links to equal ones at the same place in others; the bytes saved.

    Where the disk knows no links, or the environments lie on several, nothing is saved.
    """
    saved = 0
    for file, size in _large_files(folder):
        for other in others:
            try:
                if _linked(other / file.relative_to(folder), file):
                    saved += size
                    break
            except OSError:
                continue  # not there, or being removed at this moment
    return saved


def _linked(twin: Path, file: Path) -> bool:
    """Make `file` a link to its twin, if they are two files with the same bytes. Raises OSError."""
    here, there = file.stat(), twin.lstat()
    if not stat.S_ISREG(there.st_mode) or here.st_size != there.st_size or os.path.samestat(here, there):
        return False
    if here.st_mode != there.st_mode or not filecmp.cmp(file, twin, shallow=False):
        return False
    beside = file.with_name(f".{uuid.uuid4().hex}")
    os.link(twin, beside)
    beside.replace(file)
    return True


def _large_files(folder: Path) -> Iterator[tuple[Path, int]]:
    """(path, bytes). Python's own files are left out: whether they are compiled already is told by their times."""
    for path, _, files in os.walk(folder):
        for name in files:
            file = Path(path) / name
            status = file.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size >= SHARED_FROM and file.suffix not in (".py", ".pyc"):
                yield file, status.st_size
