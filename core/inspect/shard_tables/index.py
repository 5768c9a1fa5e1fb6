"""`index.json`: read whole, within a limit; and a shard as it lists it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...base.errors import InputError

MOST_BYTES = 1 << 26
MOST_SAMPLES = 1 << 32


@dataclass(frozen=True, slots=True)
class ListedShard:
    """A shard as the index lists it.

    name, size: the file that is not compressed (where there need not be one) and its bytes, None where it is not said;
    other_size: what it may have as well; packed, packed_size, compression: the same compressed as a whole; problem: why
    nothing of it can be read.
    """

    name: str
    samples: int
    size: int | None = None
    other_size: int | None = None
    packed: str | None = None
    packed_size: int | None = None
    compression: str | None = None
    problem: str | None = None


def load_index(path: Path) -> dict[str, Any]:
    """Raises InputError where it is too large, or no JSON object."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(f"{path} has {size:,} bytes; an index of up to {MOST_BYTES:,} is read here")
    try:
        index = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: it is no JSON ({str(error)[:200]}); copy or write it again") from None
    if not isinstance(index, dict):
        raise InputError(f"{path} is damaged: it is JSON, but no object")
    return index


def as_count(value: Any, most: int = MOST_SAMPLES) -> int | None:
    """A number of samples or bytes; None for what is none."""
    return value if type(value) is int and 0 <= value <= most else None
