"""What the first bytes of an image file tell, without decoding it."""

from __future__ import annotations

from ...base.contracts import Buffer

_PNG_DEPTH = 24
"""Where a PNG's header says how many bits a sample has."""

_NEVER_WIDE = ("jpeg", "webp", "gif", "bmp")


def is_wide(head: Buffer, encoding: str) -> bool:
    """Whether its samples have, or may have, more than 8 bits: then it is drawn by the range of all of them."""
    if encoding in _NEVER_WIDE:
        return False
    if encoding == "png":
        return len(head) > _PNG_DEPTH and head[_PNG_DEPTH] > 8
    return True
