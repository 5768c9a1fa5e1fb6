"""What lies beside a file and may say something of it: labels, names of classes, facts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from ..base.strict_json import dumps

MOST_FILES = 4_000
MOST_BYTES = 1 << 26
_SAYS_NOTHING = ("lock.mdb",)
_LOGS = (".log", ".lock", ".tmp")
_FACTS = (".txt", ".json", ".csv")


def stamp_beside(files: Sequence[Path]) -> str:
    """Changes whenever one of the small files in the same folder does, or one of facts in the folder above."""
    told = [row for file in files[:1] for row in _rows(file.parent) + _rows(file.parent.parent, _FACTS)]
    return hashlib.sha256(dumps(told).encode()).hexdigest()[:32]


def _rows(folder: Path, endings: tuple[str, ...] = ("",)) -> list[list[str | int]]:
    """[name, size, time of change] of its small files, sorted."""
    rows: list[list[str | int]] = []
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(MOST_FILES), entries, strict=False):
                if entry.name in _SAYS_NOTHING or entry.name.endswith(_LOGS) or not entry.is_file():
                    continue
                if not entry.name.endswith(endings):
                    continue
                status = entry.stat()
                if status.st_size <= MOST_BYTES:
                    rows.append([os.fsencode(entry.name).hex(), status.st_size, status.st_mtime_ns])
    except OSError:
        return rows
    return sorted(rows)
