"""Whether a file is safetensors: a length that fits, and a header that begins with an array or metadata."""

from __future__ import annotations

import re

from ..candidate import UnidentifiedFile
from .header import length_of

_FIRST = re.compile(
    rb'\s*\{\s*(?:\}|"__metadata__"\s*:\s*\{|"(?:[^"\\]|\\.){0,4096}"\s*:\s*\{\s*"(?:dtype|shape|data_offsets)")'
)


def has_header(candidate: UnidentifiedFile) -> bool:
    head = candidate.head
    return length_of(head, candidate.size) is not None and _FIRST.match(head, 8) is not None
