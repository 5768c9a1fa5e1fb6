"""Whether a file is a pickle, from its first bytes and its last one, which is a full stop."""

from __future__ import annotations

import re
import zlib

from ...pickles.torch_stream import MAGIC
from ..candidate import UnidentifiedFile
from ..contents.pickled import PICKLES
from ..inflated_bytes import GZIP

_GZIP = b"\x1f\x8b\x08"
_FRAME = 0x95
_OPENING = frozenset(b"}](cXUTKMJIGNVCB)\x8a\x8c\x8d\x8e\x88\x89\x8f\x95qrpSLF\x80")
"""Opcodes that a pickle of protocol 2 or 3 begins with behind its number."""

_OLD = re.compile(rb"\((?:dp|lp|ip)\d+\n|[cI(][A-Za-z_]\w{0,80}[\w.]*\n\w+\n(?:p\d+\n|\()")
"""How Python 2 begins a pickle of protocol 0 that holds something."""


def is_pickle(candidate: UnidentifiedFile) -> bool:
    """Protocol 2 or later, plain (then it ends with a full stop) or behind gzip; or torch.save's older stream."""
    head = candidate.head
    if head.startswith(_GZIP):
        return _begins(_behind(head), 1 << 62)
    if head.startswith(MAGIC):
        return True
    return _begins(head, candidate.size) and candidate.at(candidate.size - 1, 1) == b"."


def is_old_pickle(candidate: UnidentifiedFile) -> bool:
    """Protocol 0, which is text; or one of a later protocol that does not end as a pickle does."""
    head = candidate.head
    if _begins(head, candidate.size):
        return True
    return _OLD.match(head) is not None and candidate.at(candidate.size - 1, 1) == b"."


def _begins(head: bytes, size: int) -> bool:
    if not head.startswith(PICKLES) or len(head) < 3:
        return False
    if head[1] >= 4 and head[2] == _FRAME:
        return int.from_bytes(head[3:11], "little") <= size
    return head[2] in _OPENING


def _behind(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(GZIP).decompress(head[:4096], 64)
    except zlib.error:
        return b""
