"""A value that was compressed as a whole: what is inside it is what counts."""

from __future__ import annotations

from dataclasses import replace

from ..values import MAX_INFLATED, inflate, inflate_wholly
from .content import Content

SIGNATURES = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
"""How compressed data begin, where that can be nothing else."""

ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""How zlib's begin; so does much else, so that all of it has to inflate, to its very end."""

_LZ4_RATIO = 255
"""An LZ4 block is at most so many times smaller than what is in it."""


def read(value: bytes) -> Content | None:
    """None also where the bytes only begin like compressed ones: two of them are a weak signature."""
    from . import content_of

    found = inflated(value)
    if found is None:
        return None
    inner, name = found
    content = content_of(inner, 1)
    encoding = content.encoding if content.encoding != "bytes" else "data"
    return replace(content, kind="compressed", payload=value, encoding=f"{encoding}+{name}")


def inflated(value: bytes) -> tuple[bytes, str] | None:
    """(data, name of the compression) of a value that begins like compressed data; None for any other.

    Raises ValueError where it is broken, or larger than the limit when it is inflated.
    """
    name = next((name for signature, name in SIGNATURES if value.startswith(signature)), None)
    if name is not None:
        return inflate(value, name), name
    if value.startswith(ZLIB):
        inner = inflate_wholly(value)
        return None if inner is None else (inner, "zlib")
    return None


def lz4_block(value: bytes) -> bytes | None:
    """What is in an LZ4 block behind its size (uint32), as `lz4.block.compress` writes it; None where it is none."""
    size = int.from_bytes(value[:4], "little")
    if not len(value) >= 16 or not 0 < size <= min(_LZ4_RATIO * len(value), MAX_INFLATED) or 2 * size < len(value):
        return None
    import lz4.block

    try:
        inner = lz4.block.decompress(value)
    except (lz4.block.LZ4BlockError, ValueError, MemoryError):
        return None
    return inner if len(inner) == size else None
