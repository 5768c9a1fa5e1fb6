"""A value that was compressed as a whole: what is inside it is what counts."""

from __future__ import annotations

from dataclasses import replace

from core.inspect.contents.content import Content
from core.inspect.values import inflate

_SIGNATURES = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x78\x01", "zlib"),
    (b"\x78\x5e", "zlib"),
    (b"\x78\x9c", "zlib"),
    (b"\x78\xda", "zlib"),
    (b"\x04\x22\x4d\x18", "lz4"),
)


def read(value: bytes) -> Content | None:
    """None also where the bytes only begin like compressed ones: two of them are a weak signature."""
    from core.inspect.contents import content_of

    name = next((name for signature, name in _SIGNATURES if value.startswith(signature)), None)
    if name is None:
        return None
    try:
        inner = inflate(value, name)
    except ValueError:
        if name == "zlib":
            return None
        raise
    found = content_of(inner, 1)
    encoding = found.encoding if found.encoding != "bytes" else "data"
    return replace(found, kind="compressed", payload=value, encoding=f"{encoding}+{name}")
