"""What the entries of an LMDB of ours are called, and what lies in them (docs/formats.md has it to the byte)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer

LABELS, METADATA, DICTIONARY = b"__labels__", b"__metadata__", b"__dictionary__"
FIELDS = b"__fields__"
"""With a sample's number in eight digits behind: its further values (`core.base.packed_fields`)."""

KEY_DIGITS = 8
MAX_SAMPLES = 10**KEY_DIGITS
MAX_GROUP = 1 << 16
"""Samples in one value at most."""


def key_of(number: int) -> bytes:
    """The key of a value: its number as eight digits, so that keys sort as numbers do."""
    return b"%08d" % number


def fields_key(index: int) -> bytes:
    """The key of a sample's further values."""
    return FIELDS + key_of(index)


def key_text(index: int, group: int) -> str:
    """What a sample is called: its value's key, with its place in a group of several."""
    number, place = divmod(index, group)
    return key_of(number).decode() + (f"[{place}]" if group > 1 else "")


def labels_in(value: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """The labels in the entry `__labels__` (little-endian), a view of `value`. Raises ValueError."""
    if len(value) % 8:
        raise ValueError(f"__labels__ has {len(value)} bytes, not eight per sample")
    return value.view("<i8")


def metadata_in(value: Buffer) -> Mapping[str, Any]:
    """The fields of the entry `__metadata__`. Raises ValueError for what is no JSON object."""
    return dict(json.loads(bytes(value)))


def group_in(metadata: Mapping[str, Any]) -> int:
    """How many samples one value holds. Raises ValueError for what is no such number."""
    group = metadata.get("group", 1)
    if type(group) is not int or not 1 <= group <= MAX_GROUP:
        raise ValueError(f"__metadata__ says that {group!r} samples make a group")
    return group


def bounds_in_group(value: Buffer, count: int) -> npt.NDArray[np.int64]:
    """Where the `count` payloads of a group begin and end in its value, int64 (count + 1,): its uint32 count, then one
    more uint32 offset than that, from the end of this table. Raises ValueError."""
    table = 4 * (count + 2)
    numbers = np.frombuffer(value, "<u4", min(table, len(value) // 4 * 4) // 4).astype(np.int64)
    bounds = numbers[1:] + table
    if len(numbers) != count + 2 or numbers[0] != count or (np.diff(bounds) < 0).any() or bounds[-1] > len(value):
        raise ValueError("its table of offsets is damaged")
    return bounds
