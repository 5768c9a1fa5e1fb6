"""What the values of fields have in common, found in one pass over them, and kept in every container's metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from ..base.contracts import Contents, Field, FieldLayout, FieldValue, ImportedRows
from ..base.field_values import ARRAY, IMAGE, INTEGER, JSON, NUMBER, TEXT, array_bytes
from ..base.packed_fields import json_text, normal

KINDS = (TEXT, INTEGER, NUMBER, ARRAY, IMAGE, JSON)
DTYPES = frozenset(np.dtype(code).newbyteorder("<").str for code in "?bBhHiIqQefd")
"""Of arrays that every format has a type for."""

FIELDS = "fields"
"""In a container's metadata: its layouts."""

MOST_AXES = 16
Values = Mapping[str, FieldValue]


@dataclass
class _Seen:
    """What is known of the values of one field so far."""

    of: Field
    values: int = 0
    longest: int = 0
    bytes: int = 0
    numbers: int = 0
    finite: bool = True
    dtypes: set[str] = field(default_factory=set)
    shapes: set[tuple[int, ...]] = field(default_factory=set)
    shape: tuple[int | None, ...] | None = None
    axes: set[int] = field(default_factory=set)

    def add(self, value: FieldValue) -> None:
        kind = self.of.kind
        self.values += 1
        size = 8
        if isinstance(value, np.ndarray):
            self._add_array(value)
            size = len(array_bytes(value))
        elif isinstance(value, bytes):
            size = len(value)
        elif kind in (TEXT, JSON):
            size = len(json_text(value, kind).encode("utf-8", "surrogatepass"))
            if kind == JSON:
                self.dtypes.add(_holds(value))
        self.bytes += size
        self.longest = max(self.longest, size)

    def _add_array(self, array: np.ndarray) -> None:
        self.dtypes.add(array.dtype.str)
        self.axes.add(array.ndim)
        self.numbers += array.size
        if array.dtype.kind == "f" and self.finite:
            self.finite = bool(np.isfinite(array).all())
        if len(self.axes) == 1:
            self.shape = array.shape if self.shape is None else _common(self.shape, array.shape)

    def layout(self, samples: int) -> FieldLayout:
        name, kind = self.of
        told = FieldLayout(
            name, kind, "", None, self.bytes, self.numbers, self.values < samples, self.longest, self.finite
        )
        if kind == JSON and len(self.dtypes - {""}) == 1:
            (dtype,) = self.dtypes - {""}
            return told._replace(dtype="" if dtype == "mixed" else dtype)
        if kind != ARRAY or self.shape is None or len(self.axes) > 1 or len(self.dtypes) > 1:
            return told
        (dtype,) = self.dtypes
        if dtype not in DTYPES or len(self.shape) > MOST_AXES:
            return told
        return told._replace(dtype=dtype, shape=self.shape)


def _common(shape: Sequence[int | None], other: Sequence[int | None]) -> tuple[int | None, ...]:
    return tuple(one if one == two else None for one, two in zip(shape, other, strict=True))


def _holds(value: FieldValue) -> str:
    """What a flat list holds; "" of an empty one."""
    if not isinstance(value, list):
        return "mixed"
    types = {type(one) for one in value}
    if types == {str} and not _encodable("".join(value)):
        return "mixed"
    if types == {int} and not all(-(2**63) <= one < 2**63 for one in value):
        return "mixed"
    return {(): "", (str,): TEXT, (int,): INTEGER, (float,): NUMBER}.get(tuple(types), "mixed")


def _encodable(text: str) -> bool:
    """Whether there is UTF-8 of it: JSON may hold halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def layouts_of(values: Iterable[Values], fields: Sequence[Field]) -> tuple[FieldLayout, ...]:
    """The layouts of fields whose samples have these values."""
    seen = [_Seen(field) for field in fields]
    samples = 0
    for sample in values:
        samples += 1
        own = normal(sample, fields)
        for one in seen:
            if one.of.name in own:
                one.add(own[one.of.name])
    return tuple(one.layout(samples) for one in seen)


def alike(splits: Sequence[Sequence[FieldLayout]]) -> list[tuple[FieldLayout, ...]]:
    """The layouts of several splits, so that a field looks the same in all of them; sizes are each split's own."""
    common = [_merged(parts) for parts in zip(*splits, strict=True)]
    return [
        tuple(one._replace(size=own.size, numbers=own.numbers) for one, own in zip(common, split, strict=True))
        for split in splits
    ]


def _merged(parts: Sequence[FieldLayout]) -> FieldLayout:
    filled = [part for part in parts if part.longest]
    first = parts[0]._replace(
        missing=any(part.missing for part in parts),
        longest=max(part.longest for part in parts),
        finite=all(part.finite for part in parts),
        dtype="",
        shape=None,
    )
    if len({part.dtype for part in filled}) != 1 or len({part.shape and len(part.shape) for part in filled}) != 1:
        return first
    shape = filled[0].shape
    for part in filled[1:]:
        shape = _common(shape, part.shape) if shape is not None and part.shape is not None else None
    return first._replace(dtype=filled[0].dtype, shape=shape)


class FieldsToWrite:
    """The fields of a container in the making: their layouts, and their values in the order of the samples. Layouts
    that are not known beforehand take a pass over the values."""

    def __init__(self, rows: ImportedRows, samples: int, layouts: tuple[FieldLayout, ...] = ()) -> None:
        self._rows, self._samples = rows, samples
        self.layouts = layouts or layouts_of(self.all(), rows.fields)
        self._left = self.all()

    @classmethod
    def of(cls, contents: Contents) -> FieldsToWrite | None:
        """Those of the rows; None where they have none."""
        if contents.rows is None or not contents.rows.fields:
            return None
        return cls(contents.rows, contents.samples, contents.fields)

    def all(self) -> Iterator[Values]:
        """The values of each sample, each of its kind, from the first one on."""
        found = 0
        for values in islice(self._rows.field_values(), self._samples):
            yield normal(values, self._rows.fields)
            found += 1
        yield from ({} for _ in range(found, self._samples))  # an estimate writes some samples several times

    def next(self, count: int) -> list[Values]:
        """Those of the next samples."""
        return list(islice(self._left, count))

    def told_in(self, contents: Contents) -> Contents:
        """These contents, whose metadata tells the layouts."""
        return replace(contents, metadata={**contents.metadata, **to_metadata(self.layouts)})


def is_one_shape(layout: FieldLayout) -> bool:
    """Whether all values are arrays of one dtype and shape."""
    return layout.shape is not None and None not in layout.shape


def is_nested(layout: FieldLayout) -> bool:
    """Whether arrays become lists of lists, whose lengths say their shapes."""
    shape = layout.shape
    return shape is not None and bool(shape) and 0 not in shape and None not in shape[1:]


_ENDINGS = (
    (b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"BM", ".bmp"), (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"), (b"RIFF", ".webp"),
)  # fmt: skip


def image_ending(data: bytes) -> str:
    """The ending of an image file, by its first bytes; ".bin" for what is not known."""
    return next((ending for start, ending in _ENDINGS if data.startswith(start)), ".bin")


def named_beside(names: Sequence[str], own: Sequence[str]) -> dict[str, str]:
    """What fields are called where `own` names are taken: those have "field_" in front, as often as it takes."""
    taken = {*own, *names}
    named = {}
    for name in names:
        free = name
        while free in own or (free != name and free in taken):
            free = f"field_{free}"
        named[name] = free
    return named


# ---------------------------------------------------------------- in the metadata


def to_metadata(layouts: Sequence[FieldLayout]) -> dict[str, Any]:
    return {FIELDS: [{**layout._asdict(), "shape": layout.shape and list(layout.shape)} for layout in layouts]}


def from_metadata(metadata: Mapping[str, Any]) -> tuple[FieldLayout, ...]:
    """The layouts that a container's metadata tells; none where it tells none. Raises ValueError for what is none."""
    told = metadata.get(FIELDS, [])
    if not isinstance(told, list):
        raise ValueError("its metadata tells fields that are none")
    layouts = tuple(map(_checked, told))
    if len({layout.name for layout in layouts}) != len(layouts):
        raise ValueError("its metadata tells a field twice")
    return layouts


def _checked(told: Any) -> FieldLayout:
    try:
        shape = None if told["shape"] is None else tuple(told["shape"])
        layout = FieldLayout(**{**told, "shape": shape})
    except (TypeError, LookupError):
        raise ValueError("its metadata tells a field that is none") from None
    counts = [layout.size, layout.numbers, layout.longest, *(axis for axis in shape or () if axis is not None)]
    sound = (
        isinstance(layout.name, str)
        and layout.kind in KINDS
        and type(layout.missing) is bool
        and type(layout.finite) is bool
        and all(type(count) is int and 0 <= count < 1 << 50 for count in counts)
        and (layout.dtype in DTYPES if shape is not None else layout.dtype in ("", TEXT, INTEGER, NUMBER))
        and len(shape or ()) <= MOST_AXES
        and (shape is None or (layout.kind == ARRAY and prod(axis or 1 for axis in shape) < 1 << 40))
    )
    if not sound:
        raise ValueError("its metadata tells a field that is none")
    return layout
