"""Whether what lies at a path has changed since it was looked at: one file, those in a folder, those of a pattern."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from . import shards
from .kinds import opened_path
from .remote.location import RemotePath

MOST_FILES = 2_000
"""Files of a folder or pattern that are looked at."""


def statuses(path: Path) -> list[os.stat_result]:
    """The status of what is opened at a path, and those of the files that it stands for. Raises OSError."""
    opened = opened_path(path)
    if shards.is_pattern(opened) and (isinstance(opened, RemotePath) or not opened.exists()):
        return [file.stat() for file in shards.of_pattern(opened).paths[:MOST_FILES]]
    found = [opened.stat()]
    if opened.is_dir() and isinstance(opened, RemotePath):
        found += [path.stat() for path in islice(opened.iterdir(), MOST_FILES)]
    elif opened.is_dir():
        with os.scandir(opened) as entries:
            inside = [entry for entry, _ in zip(entries, range(MOST_FILES), strict=False)]
        found += [entry.stat() for entry in sorted(inside, key=lambda entry: entry.name) if entry.is_file()]
    return found
