"""Whether a file is an MDS index or shard, told from its bytes."""

from __future__ import annotations

import re
from pathlib import Path

from ..candidate import UnidentifiedFile

INDEX = re.compile(rb'\s*\{\s*"(?:shards|version)"\s*:')
COLUMNS = re.compile(rb'"(?:column_encodings|column_names)"\s*:\s*\[|"shards"\s*:\s*\[\s*\]')
HEADER = re.compile(rb'\{\s*"(?:column_encodings|column_names|column_sizes|compression)"\s*:')


def is_mds(candidate: UnidentifiedFile) -> bool:
    return is_index(candidate.head) or is_shard(candidate)


def is_index(head: bytes) -> bool:
    """JSON whose shards have columns."""
    return INDEX.match(head) is not None and COLUMNS.search(head) is not None


def is_shard(candidate: UnidentifiedFile) -> bool:
    """A number of samples, their offsets, and JSON that names the columns where the offsets end."""
    count = int.from_bytes(candidate.head[:4], "little")
    start = 4 * (count + 2)
    return count > 0 and start < candidate.size and HEADER.match(candidate.at(start, 64)) is not None


def claims(folder: Path) -> bool:
    """Whether the `index.json` of a folder is one of MDS."""
    try:
        with UnidentifiedFile(folder / "index.json") as candidate:
            return is_index(candidate.head)
    except OSError:
        return False
