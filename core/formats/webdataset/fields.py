"""Further values of samples as members of the tar, behind payload and label, all with the sample's key in front.

| member | what it holds |
|---|---|
| `.txt` | the text, where the store has one field of texts |
| `.json` | an object of all numbers, JSON values, and texts where there are several fields of them, by name |
| `.<name>.npy` | an array |
| `.<name>.png`, `.jpg`, ... | an image, its ending by its first bytes |

A sample has no member for what it has no value of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...base.contracts import FieldLayout, FieldValue
from ...base.field_values import ARRAY, IMAGE, TEXT, array_bytes
from ...base.names import digest
from ...base.packed_fields import normal
from ...base.strict_json import dumps
from ..field_columns import keys_of, value_of
from ..field_layouts import Values, image_ending
from .tar_headers import size_in
from .tar_layout import BLOCK, CHECKSUM, KEY_DIGITS, KIND, NAME, SIZE, HeaderTemplate, padded

TXT, JSON_MEMBER, NPY = ".txt", ".json", ".npy"
LONGEST_KEY = 60
"""Bytes of a field's name in that of a member, which has room for 100."""


_BLANKS = 8 * ord(" ")
"""What stands in the place of a header's checksum while it is summed up."""


def member_keys(layouts: Sequence[FieldLayout]) -> dict[str, str]:
    """What arrays and images are called in names of members."""
    return {name: _short(name, key) for name, key in keys_of(layouts).items()}


def _short(name: str, key: str) -> str:
    if len(key.encode()) <= LONGEST_KEY:
        return key
    return f"{key.encode()[: LONGEST_KEY - 9].decode(errors='ignore')}~{digest(name)}"


def alone(layouts: Sequence[FieldLayout]) -> str | None:
    """The field that is kept as `.txt`."""
    texts = [layout.name for layout in layouts if layout.kind == TEXT]
    return texts[0] if len(texts) == 1 else None


class FieldMembers:
    """Makes the members of samples."""

    def __init__(self, layouts: Sequence[FieldLayout]) -> None:
        self._layouts, self._keys, self._alone = layouts, member_keys(layouts), alone(layouts)
        self._templates: dict[str, HeaderTemplate] = {}

    def of(self, key: bytes, values: Values) -> bytes:
        """Whole blocks; `key`: the sample's eight digits."""
        parts = []
        for suffix, data in self._members(values):
            if suffix not in self._templates:
                self._templates[suffix] = HeaderTemplate(suffix)
            parts += [self._templates[suffix].header(key, len(data)), data, bytes(-len(data) % BLOCK)]
        return b"".join(parts)

    def _members(self, values: Values) -> Iterator[tuple[str, bytes]]:
        told: dict[str, Any] = {}
        for layout in self._layouts:
            value = values.get(layout.name)
            if value is None:
                continue
            if isinstance(value, np.ndarray):
                yield f".{self._keys[layout.name]}{NPY}", array_bytes(value)
            elif isinstance(value, bytes):
                yield f".{self._keys[layout.name]}{image_ending(value)}", value
            elif layout.name == self._alone:
                yield TXT, str(value).encode()
            else:
                told[layout.name] = value
        if told:
            yield JSON_MEMBER, dumps(told).encode()


def members_of(memory: memoryview, at: int, key: bytes) -> Iterator[tuple[str, int, int]]:
    """(what follows the key in its name, where its bytes begin, their number) of the members from byte `at` on that
    have this key. Raises ValueError where one is damaged."""
    while at + BLOCK <= len(memory):
        header = bytes(memory[at : at + BLOCK])
        name = header[NAME].partition(b"\0")[0]
        if name[:KEY_DIGITS] != key:
            return
        size = size_in(header[SIZE : SIZE + 12])
        stated = size_in(header[CHECKSUM])
        if (
            header[KIND] != ord("0")
            or stated != sum(header) - sum(header[CHECKSUM]) + _BLANKS
            or not 0 <= size <= len(memory) - at - BLOCK
        ):
            raise ValueError(f"the member at byte {at:,} is damaged")
        yield name[KEY_DIGITS:].decode("utf-8", "replace"), at + BLOCK, size
        at += BLOCK + padded(size)


class MemberValues:
    """Values out of the members of samples."""

    def __init__(self, layouts: Sequence[FieldLayout]) -> None:
        self._keys, self._alone = member_keys(layouts), alone(layouts)

    def of(self, members: Mapping[str, bytes], layouts: Sequence[FieldLayout]) -> dict[str, FieldValue]:
        """The values of some fields; `members`: what follows the key in their names, and their bytes. Raises
        ValueError."""
        by_key = {suffix.rpartition(".")[0]: data for suffix, data in members.items()}
        told = json.loads(members[JSON_MEMBER].decode()) if JSON_MEMBER in members else {}
        if not isinstance(told, dict):
            raise ValueError(f"its {JSON_MEMBER} is no object")
        found: dict[str, FieldValue] = {}
        for layout in layouts:
            if layout.kind in (ARRAY, IMAGE):
                found[layout.name] = value_of(by_key.get(f".{self._keys[layout.name]}", b""), layout.kind)
            elif layout.name == self._alone:
                found[layout.name] = members.get(TXT, b"").decode()
            else:
                found[layout.name] = told.get(layout.name)
        return normal(found, layouts)
