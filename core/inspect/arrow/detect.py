"""Whether a file is an Arrow IPC file or stream, told from its bytes."""

from __future__ import annotations

from ...formats.arrow.messages import MAGIC, SCHEMA, read_message
from ..candidate import UnidentifiedFile


def is_arrow(candidate: UnidentifiedFile) -> bool:
    """It begins with ARROW1 and two zeros, or, as a stream, with a message that is a schema."""
    head = candidate.head
    if head[:8] == MAGIC + b"\0\0":
        return True
    if head[:4] != b"\xff\xff\xff\xff":
        return False
    length = int.from_bytes(head[4:8], "little")
    if not 0 < length < candidate.size:
        return False
    try:
        message = read_message(memoryview(candidate.at(0, min(length, 1 << 26) + 8)), 0)
    except ValueError:
        return False
    return message is not None and message.kind == SCHEMA
