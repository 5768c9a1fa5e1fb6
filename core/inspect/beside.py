"""What lies beside a file and may say something of it: labels, names of classes, facts."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..base.strict_json import dumps
from .kinds import KINDS, IdentifiedFile

MOST_FILES = 4_000
MOST_BYTES = 1 << 26
"""Larger files beside a file are others of its kind."""

_SAYS_NOTHING = ("lock.mdb",)
_LOGS = (".log", ".lock", ".tmp")
_FACTS = (".txt", ".json", ".csv")


def can_be_kept(found: IdentifiedFile) -> bool:
    """Whether a change of any file that is read is noticed: folders in a folder are not looked through."""
    if found.paths or not found.path.is_dir():
        return True
    try:
        return not any(entry.is_dir() for entry in found.path.iterdir())
    except OSError:
        return False


def stamp_beside(found: IdentifiedFile) -> str:
    """Changes whenever one of the small files in the same folder does, one of facts in the folder above, or any file in
    a folder that is opened as a whole, by itself or by its index."""
    path = found.files[0]
    folder = path if path.is_dir() else path.parent
    whole = path.is_dir() or KINDS[found.kind].opens_member
    rows = _rows(folder, most=None if whole else MOST_BYTES)
    return hashlib.sha256(dumps([*rows, *_rows(folder.parent, _FACTS)]).encode()).hexdigest()[:32]


def _rows(folder: Path, endings: tuple[str, ...] = ("",), most: int | None = MOST_BYTES) -> list[list[str | int]]:
    """[name, size, time of change] of its files of at most so many bytes, sorted."""
    rows: list[list[str | int]] = []
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(MOST_FILES), entries, strict=False):
                if entry.name in _SAYS_NOTHING or entry.name.endswith(_LOGS) or not entry.is_file():
                    continue
                status = entry.stat()
                if entry.name.endswith(endings) and (most is None or status.st_size <= most):
                    rows.append([os.fsencode(entry.name).hex(), status.st_size, status.st_mtime_ns])
    except OSError:
        return rows
    return sorted(rows)
