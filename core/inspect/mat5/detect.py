"""Whether a file is one of MATLAB's up to version 7: 116 bytes of text, 8 of an offset, the version and "IM" or "MI"
("MAT-File Format", The MathWorks, "Level 5 MAT-File Header Format")."""

from __future__ import annotations

from ..candidate import UnidentifiedFile

HEADER = 128
ORDERS = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}
"""Version 0x0100 and the order of the bytes, as they lie in the file."""


def has_header(candidate: UnidentifiedFile) -> bool:
    """The version and the order of bytes, and behind them a matrix, compressed or not, or nothing."""
    head = candidate.head
    order = ORDERS.get(head[124:HEADER])
    if order is None:
        return False
    first = int.from_bytes(head[HEADER : HEADER + 4], "little" if order == "<" else "big")
    return candidate.size < HEADER + 8 or first in (14, 15)
