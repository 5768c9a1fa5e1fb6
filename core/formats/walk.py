"""All files of a container, one after the other: a million paths are never held at once (pathlib's rglob does)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def files_below(path: Path) -> Iterator[os.stat_result]:
    """What the system says of the file `path`, or of every file in folder `path` and below; links are not followed."""
    if path.is_file():
        yield path.stat()
        return
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from files_below(Path(entry.path))
            else:
                yield entry.stat(follow_symlinks=False)


def bytes_below(path: Path) -> int:
    """The sum of their sizes."""
    return sum(status.st_size for status in files_below(path))
