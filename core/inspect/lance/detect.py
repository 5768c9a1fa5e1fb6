"""Whether a folder is a Lance dataset, told from the bytes of its manifests."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

MAGIC = b"LANC"
LOOKED_AT = 1000


def has_manifest(folder: Path) -> bool:
    """Whether a file in `_versions` ends as Lance's manifests do."""
    try:
        with os.scandir(folder / "_versions") as entries:
            found = [entry.path for entry in islice(entries, LOOKED_AT) if entry.is_file(follow_symlinks=False)]
        return any(_ends_so(Path(path)) for path in found)
    except OSError:
        return False


def _ends_so(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - len(MAGIC), 0))
        return file.read() == MAGIC
