"""Whether a file is a RecordIO file, told from its bytes."""

from __future__ import annotations

from ..candidate import UnidentifiedFile
from .parts import FIRST, MAGIC_BYTES, WHOLE


def begins_with_a_record(candidate: UnidentifiedFile) -> bool:
    """Its magic number, and a record that begins there."""
    head = candidate.head[:8]
    return head.startswith(MAGIC_BYTES) and len(head) == 8 and head[7] >> 5 in (WHOLE, FIRST)
