"""Text, to be read."""

from __future__ import annotations

from ..values import text_of
from .content import Content


def read(value: bytes) -> Content | None:
    text = text_of(value.rstrip(b"\x00")) if value[:1] != b"\x00" else None
    return None if text is None else Content("text", "text", value, text=text)
