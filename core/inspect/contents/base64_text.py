"""Base64, as text keeps bytes: an image file, alone (Chinese-CLIP), as a data: address, or in a field of a line."""

from __future__ import annotations

import base64
import binascii
import re

from ..values import image_encoding, text_of
from .content import Content

SHORTEST = 64
_ALPHABET = re.compile(rb"[A-Za-z0-9+/=_\-\s]+")
_URLSAFE = str.maketrans("-_", "+/")


def read(value: bytes) -> Content | None:
    """An image file behind base64 that is the whole value, or one of its fields between tabs."""
    if len(value) < SHORTEST or value[:1] in b"{[" or text_of(value[:SHORTEST]) is None:
        return None
    fields = value.strip(b"\x00").split(b"\t") if b"\t" in value else [value.strip(b"\x00")]
    if len(fields) > 16:
        return None
    for field in fields:
        data = image_behind(field.decode("ascii")) if len(field) >= SHORTEST and field.isascii() else None
        if data is not None:
            return _content(data, [other for other in fields if other is not field])
    return None


def _content(data: bytes, others: list[bytes]) -> Content | None:
    from . import content_as

    found = content_as("image-file", data)
    if found is None:
        return None
    told = "; ".join(other.decode("utf-8", "replace")[:1000] for other in others if other.strip())
    content = found.inside("base64_text", prefix="base64")
    return content if not told else _told(content, told)


def _told(content: Content, text: str) -> Content:
    from dataclasses import replace

    return replace(content, text=text)


def image_behind(text: str) -> bytes | None:
    """The bytes behind base64 in either alphabet (or a data: address), where they are an image file; else None."""
    body = text.partition(";base64,")[2] if text.startswith("data:") else text.strip().strip("\"'")
    head = body[:SHORTEST].translate(_URLSAFE)
    try:
        if image_encoding(base64.b64decode(head[: len(head) // 4 * 4], validate=True)) is None:
            return None
        joined = "".join(body.split()).translate(_URLSAFE).rstrip("=")
        return base64.b64decode(joined + "=" * (-len(joined) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
