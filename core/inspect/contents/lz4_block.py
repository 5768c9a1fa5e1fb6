"""An LZ4 block without a signature: told by its size before it, and only where something known is inside."""

from __future__ import annotations

from dataclasses import replace

from .compressed import lz4_block
from .content import Content

_KNOWN_BY_LESS = ("bytes", "pixels", "vector", "text", "lz4_block", "headed")
"""Kinds that any bytes may be taken for."""


def read(value: bytes) -> Content | None:
    from . import content_of

    inner = lz4_block(value)
    content = None if inner is None else content_of(inner, 1)
    if content is None or content.kind in _KNOWN_BY_LESS:
        return None
    return replace(content, kind="lz4_block", payload=value, encoding=f"{content.encoding}+lz4")
