"""Which dataset holds the labels of some images, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import h5py
import numpy as np

from core.contracts import Labels
from core.inspect import arrays
from core.inspect.hdf5 import spec as hdf5_spec
from core.inspect.hdf5.facts import Facts
from core.inspect.hdf5.file import Hdf5File
from core.inspect.hdf5.rows import Rows
from core.inspect.hdf5.texts import class_names, text_of
from core.inspect.hdf5.words import LABEL_WORDS, UNLIKELY, has
from core.inspect.records import Label

MAX_NUMBERS = 1 << 25
"""Class numbers that are read all at once; of more there is no list."""

PROBE = 2_000
MAX_ONE_HOT = 1 << 17
BLOCK = 1 << 24


class LabelColumn:
    """Labels in a dataset: a number, a one-hot row, text, or several values a sample."""

    def __init__(self, facts: Facts, length: int) -> None:
        self.facts = facts
        self.name = facts.name
        self.classes: Sequence[str] | None = None
        axis = facts.shape.index(length)
        self._rows = Rows(facts, axis)
        self._single = prod(facts.shape) == length
        self._length = length
        self.one_hot = not self._single and self._looks_one_hot()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Label:
        """Raises ValueError where it cannot be read."""
        value = self._rows[index]
        if self.one_hot:
            return int(np.argmax(value))
        if self.facts.dtype.hasobject or self.facts.is_text:
            text = text_of(self.facts.file, value)
            return text if text is not None else arrays.label_of(value)
        return arrays.label_of(np.asarray(value).reshape(-1))

    def numbers(self) -> Labels | None:
        """int64 (n,), or None where they are no class numbers. Raises ValueError where they cannot be read."""
        numbers = None if self.facts.dtype.kind not in "biuf" or self._length > MAX_NUMBERS else self._all()
        if numbers is None or (numbers.dtype.kind == "f" and not _whole(numbers)):
            return None
        return numbers.astype(np.int64)

    def probe(self) -> arrays.Array | None:
        """The first labels as numbers; None where they are none."""
        if self.facts.dtype.kind not in "biuf" or not (self._single or self.one_hot):
            return None
        return self._read(0, min(self._length, PROBE))

    def highest(self) -> int | None:
        """The largest class number, by all of them where they can be read at once."""
        try:
            numbers = self.numbers()
        except ValueError:
            return None
        return int(numbers.max()) if numbers is not None and numbers.size else None

    def _all(self) -> arrays.Array | None:
        if not (self._single or self.one_hot):
            return None
        row = max(prod(self.facts.shape) // max(self._length, 1) * self.facts.dtype.itemsize, 1)
        step = max(BLOCK // row, 1)
        pieces = [self._read(start, min(start + step, self._length)) for start in range(0, self._length, step)]
        return np.concatenate(pieces) if pieces else np.empty(0, np.int64)

    def _read(self, start: int, stop: int) -> arrays.Array:
        values = self.facts.file.rows(self.facts.dataset, start, stop, self._rows.axis)
        values = np.moveaxis(values, self._rows.axis, 0).reshape(stop - start, -1)
        return values.argmax(axis=1) if self.one_hot else values[:, 0]

    def _looks_one_hot(self) -> bool:
        """By the first rows: a single 1 among zeros in each."""
        width = prod(self.facts.shape) // max(self._length, 1)
        if self.facts.dtype.kind not in "biuf" or len(self.facts.shape) != 2 or not 2 <= width <= MAX_ONE_HOT:
            return False
        try:
            values = self._one_hot_probe()
        except ValueError:
            return False
        return values.size > 0 and bool(
            (values.max(axis=1) == 1).all() and (np.count_nonzero(values, axis=1) == 1).all()
        )

    def _one_hot_probe(self) -> arrays.Array:
        axis, stop = self._rows.axis, min(self._length, 64)
        values = self.facts.file.rows(self.facts.dataset, 0, stop, axis)
        return np.moveaxis(values, axis, 0).reshape(stop, -1)


def _whole(numbers: arrays.Array) -> bool:
    return bool(np.isfinite(numbers).all() and (np.abs(numbers) < 2**53).all() and (np.rint(numbers) == numbers).all())


def labels_for(
    file: Hdf5File, looked: Sequence[Facts], images: Facts, length: int, taken: Sequence[str] = ()
) -> LabelColumn | None:
    """The labels of `length` images that lie in `images`, with class names where the file has any.

    A dataset that is called like labels goes first, then one of few different whole numbers beside the images; of the
    same split, if their names tell splits.
    """
    fitting = [facts for facts in looked if facts.name not in taken and _may_be_labels(facts, images, length)]
    for facts in sorted(fitting, key=lambda facts: _promise(facts, images), reverse=True):
        column = _column(facts, images, length)
        if column is not None:
            column.classes = class_names(file, looked, [facts, images], column.highest(), length)
            return column
    return None


def _column(facts: Facts, images: Facts, length: int) -> LabelColumn | None:
    """The dataset as labels; None where its values are not those of labels."""
    try:
        column = LabelColumn(facts, length)
        if facts.rank(LABEL_WORDS) or column.one_hot:
            return column
        return column if facts.group == images.group and _few(column, length) else None
    except ValueError:
        return None


def _few(column: LabelColumn, length: int) -> bool:
    """Whether whole numbers of unknown meaning are few enough to be classes."""
    values = column.probe()
    if values is None or values.dtype.kind not in "biu" or length < 2 or values.size == 0:
        return False
    different = len(np.unique(values))
    return different <= max(min(1000, values.size // 2), 1) and int(values.min()) >= 0


def _may_be_labels(facts: Facts, images: Facts, length: int) -> bool:
    if facts.name == images.name or length not in facts.shape or len(facts.shape) > 4 or has(facts.called, UNLIKELY):
        return False
    if facts.split is not None and images.split is not None and facts.split != images.split:
        return False
    flat = prod(facts.shape) == length
    if not flat and (len(facts.shape) != 2 or (facts.shape[0] != length and not facts.rank(LABEL_WORDS))):
        return False
    kept = facts.dtype.kind in "biuf" or facts.is_text or _is_references(facts)
    return kept and hdf5_spec.word(facts.attributes.get("CLASS")) != "DIMENSION_SCALE"


def _is_references(facts: Facts) -> bool:
    return h5py.check_ref_dtype(facts.dtype) is h5py.Reference


def _promise(facts: Facts, images: Facts) -> tuple[Any, ...]:
    """What makes a dataset the likelier labels, the weightiest first."""
    shared = sum(one == other for one, other in zip(facts.group.split("/"), images.group.split("/"), strict=False))
    return (
        facts.split is not None and facts.split == images.split,
        facts.rank(LABEL_WORDS) > 0,
        shared if facts.group == images.group else shared - 1,
        "fine" in facts.leaf.lower(),
        facts.rank(LABEL_WORDS),
        facts.dtype.kind in "biu",
        prod(facts.shape) == max(facts.shape),
    )
