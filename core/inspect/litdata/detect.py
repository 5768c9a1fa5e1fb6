"""Whether a file is LitData's index, told from its bytes."""

from __future__ import annotations

import re
from pathlib import Path

from ..candidate import UnidentifiedFile

INDEX = re.compile(rb'\s*\{\s*"(?:chunks|config|updated_at)"\s*:')
CHUNKS = re.compile(rb'"chunk_bytes"\s*:|"data_format"\s*:|"data_spec"\s*:')


def is_litdata(candidate: UnidentifiedFile) -> bool:
    """JSON of chunks with their sizes."""
    return INDEX.match(candidate.head) is not None and CHUNKS.search(candidate.head) is not None


def claims(folder: Path) -> bool:
    """Whether the `index.json` of a folder is LitData's."""
    try:
        with UnidentifiedFile(folder / "index.json") as candidate:
            return is_litdata(candidate)
    except OSError:
        return False
