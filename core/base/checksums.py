"""XXH3, the checksum of everything we keep: fast enough to cost nothing beside reading the bytes.

It finds accidents (a flipped bit, a lost page), not forgery.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import xxhash

from .steps import outcome

CHUNK = 1 << 20


def of_bytes(data: Any, seed: int = 0) -> int:
    """XXH3-64 of a buffer, as an unsigned integer."""
    return xxhash.xxh3_64_intdigest(data, seed)


def of_file(path: Path) -> str:
    """XXH3-128 of a file's bytes, as 32 hexadecimal digits."""
    return outcome(in_steps(path))


def in_steps(path: Path) -> Generator[int, None, str]:
    """`of_file`, step by step: yields how many bytes more were read."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            yield len(chunk)
    return digest.hexdigest()


def of_text(text: str) -> str:
    """XXH3-128 of a text in UTF-8, as 32 hexadecimal digits."""
    return xxhash.xxh3_128(text.encode("utf-8", "surrogatepass")).hexdigest()
