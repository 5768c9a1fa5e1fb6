"""Which dataset holds the labels of some images, and what they say.

What a file states goes first: a dataset called like labels, an enumeration, a one-hot table. Then text that is called
like text about images (captions), and last a guess, which is said to be one: few different whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import h5py
import numpy as np

from ...base.contracts import Labels
from .. import arrays
from ..records import Label
from . import spec as hdf5_spec
from .facts import Facts
from .file import Hdf5File
from .name_hints import UNLIKELY, has, may_be_classes, words
from .rows import Rows
from .texts import class_names, text_of

MAX_NUMBERS = 1 << 25
"""Class numbers that are read all at once; of more there is no list."""

PROBE = 2_000
WIDE = 8
"""Numbers of one sample that are still told as its label; a longer row (landmarks, tokens) is no label."""

DISTINCT = 8
"""Samples from which on a name as vague as `ids` must repeat a value to be a label: else it tells samples apart."""

IDENTIFIERS = frozenset(("ids", "id", "identity", "meta"))

STATED, TEXT, GUESS = KINDS = ("stated", "text", "guess")
"""What makes a dataset the labels: the file says so, it is text about each image, or it is a guess by its values."""

MAX_ONE_HOT = 1 << 17
BLOCK = 1 << 24


class LabelColumn:
    """Labels in a dataset: a number, a one-hot row, a row of several classes, text, or a few values per sample."""

    def __init__(self, facts: Facts, length: int, kind: str = STATED) -> None:
        self.facts = facts
        self.name = facts.name
        self.kind = kind
        self.classes: Sequence[str] | None = None
        axis = facts.shape.index(length)
        self._rows = Rows(facts, axis)
        self._single = prod(facts.shape) == length
        self._length = length
        self._file = facts.file
        absence = self._file.absence(facts.dataset)
        self._lacking = bool(absence) or not absence.counted
        self.width = prod(facts.shape) // max(length, 1)
        self.one_hot = self.several = False
        if not self._single:
            self.one_hot, self.several = self._looks_hot()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Label:
        """None where it was never written. Raises ValueError where it cannot be read."""
        if self._lacking and self._file.absence_of_rows(self.facts.dataset, index, index + 1, self._rows.axis):
            return None
        value = self._rows[index]
        if self.one_hot:
            return int(np.argmax(value))
        if self.several:
            return self._named(np.flatnonzero(np.asarray(value).reshape(-1)))
        if self.facts.dtype.hasobject or self.facts.is_text:
            return self._text(value)
        return arrays.label_of(np.asarray(value).reshape(-1))

    def value(self, index: int) -> Any:
        """Numbers as they lie in the file; text about an image, a list where there are several."""
        if self.facts.dtype.kind in "biuf":
            return np.asarray(self._rows[index])
        if self.kind == TEXT:
            lines = str(self[index] or "").split("\n")
            return lines if len(lines) > 1 else lines[0]
        return None

    def _text(self, value: Any) -> Label:
        """One text, or several (five captions of one image) a line each."""
        text = text_of(self.facts.file, value)
        if text is None and isinstance(value, np.ndarray) and value.size <= PROBE:
            lines = [text_of(self.facts.file, one) for one in value.reshape(-1)]
            text = "\n".join(line for line in lines if line) or None
        return text if text is not None else arrays.label_of(value)

    def _named(self, numbers: arrays.Array) -> str:
        """Several classes as their names, or as their numbers where these have none."""
        names = self.classes or ()
        return ", ".join(names[number] if number < len(names) else str(number) for number in numbers) or "(none)"

    def told(self) -> str:
        """How it is said that these are the labels."""
        if self.kind == GUESS:
            return f"{self.name} is taken for the labels, which is a guess: it has few different whole numbers"
        if self.kind == TEXT:
            return f"{self.name} has a text for each"
        hot = ", one-hot" if self.one_hot else f", several of {self.width} classes" if self.several else ""
        return f"{self.name} has a label for each{hot}"

    def numbers(self) -> Labels | None:
        """int64 (n,), or None where they are no class numbers or not all there.

        Raises ValueError where they cannot be read.
        """
        kept = self.facts.dtype.kind in "biuf" and self._length <= MAX_NUMBERS and not self._lacking
        numbers = self._all() if kept else None
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

    def _looks_hot(self) -> tuple[bool, bool]:
        """(a single 1 among zeros in each row, zeros and ones with several ones in some) by the first rows."""
        numbers = self.facts.dtype.kind in "biuf"
        if not numbers or len(self.facts.shape) != 2 or not 2 <= self.width <= MAX_ONE_HOT:
            return False, False
        try:
            values = self._first_rows()
        except ValueError:
            return False, False
        if values.size == 0 or not np.isin(values, (0, 1)).all():
            return False, False
        ones = np.count_nonzero(values, axis=1)
        return bool((ones == 1).all()), bool(ones.any())

    def _first_rows(self) -> arrays.Array:
        axis, stop = self._rows.axis, min(self._length, 64)
        values = self.facts.file.rows(self.facts.dataset, 0, stop, axis)
        return np.moveaxis(values, axis, 0).reshape(stop, -1)


def _whole(numbers: arrays.Array) -> bool:
    return bool(np.isfinite(numbers).all() and (np.abs(numbers) < 2**53).all() and (np.rint(numbers) == numbers).all())


def labels_for(
    file: Hdf5File,
    looked: Sequence[Facts],
    images: Facts,
    length: int,
    taken: Sequence[str] = (),
    kinds: Sequence[str] = KINDS,
) -> LabelColumn | None:
    """The labels of `length` images that lie in `images`, with class names where the file has any.

    `kinds` are tried one after the other; within one, datasets of the same split and of the same group go first.
    """
    fitting = [facts for facts in looked if facts.name not in taken and _may_be_labels(facts, looked, images, length)]
    fitting.sort(key=lambda facts: _promise(facts, images), reverse=True)
    for kind in kinds:
        columns = (column for facts in fitting if (column := _column(facts, images, length, kind)) is not None)
        column = next(columns, None)
        if column is None or (kind == GUESS and next(columns, None) is not None):
            continue  # of two that might be labels, age and gender, say, none is
        column.classes = class_names(file, looked, [column.facts, images], column.highest(), length)
        return column
    return None


def _column(facts: Facts, images: Facts, length: int, kind: str) -> LabelColumn | None:
    """The dataset as labels of this kind; None where it is none."""
    if kind == TEXT:
        return LabelColumn(facts, length, TEXT) if facts.text_rank else None
    if kind == GUESS and (facts.group != images.group or not may_be_classes(facts.called)):
        return None
    try:
        column = LabelColumn(facts, length, kind)
        fits = _is_stated(column, facts, images) if kind == STATED else _few(column, length)
    except ValueError:
        return None
    return column if fits else None


def _is_stated(column: LabelColumn, facts: Facts, images: Facts) -> bool:
    """Whether a dataset is called like labels and holds such, or is of classes by its type or its values."""
    if facts.label_rank:
        narrow = column.several or column.one_hot or column.width <= WIDE or not facts.is_numbers
        return narrow and not _tells_samples_apart(column, facts)
    if facts.group != images.group and facts.split is None:
        return False
    named = may_be_classes(facts.called)
    return named and (column.one_hot or (_is_enumeration(facts) and column.width == 1))


def _is_enumeration(facts: Facts) -> bool:
    members = h5py.check_enum_dtype(facts.dtype)
    return bool(members) and not {str(name).upper() for name in members} <= {"FALSE", "TRUE"}


def _tells_samples_apart(column: LabelColumn, facts: Facts) -> bool:
    """Whether a dataset with a vague name has another value for each sample: numbers of samples, not of classes."""
    if IDENTIFIERS.isdisjoint(words(facts.leaf)) or len(column) < DISTINCT:
        return False
    first = [column[index] for index in range(min(len(column), 64))]
    return len(set(first)) == len(first)


def _few(column: LabelColumn, length: int) -> bool:
    """Whether whole numbers of unknown meaning are few enough to be classes."""
    values = column.probe()
    if values is None or values.dtype.kind not in "iu" or length < 2 or values.size == 0:
        return False
    different = len(np.unique(values))
    return different <= max(min(1000, values.size // 2), 1) and int(values.min()) >= 0


def _may_be_labels(facts: Facts, looked: Sequence[Facts], images: Facts, length: int) -> bool:
    if facts.name == images.name or length not in facts.shape or len(facts.shape) > 4 or has(facts.called, UNLIKELY):
        return False
    if facts.split is not None and images.split is not None and facts.split != images.split:
        return False
    if _is_coordinate(facts, looked):
        return False
    flat = prod(facts.shape) == length
    if not flat and (len(facts.shape) != 2 or (facts.shape[0] != length and not facts.label_rank)):
        return False
    kept = facts.dtype.kind in "biuf" or facts.is_text or _is_references(facts)
    kept = kept and not facts.file.absence(facts.dataset).whole
    return kept and hdf5_spec.word(facts.attributes.get("CLASS")) != "DIMENSION_SCALE"


def _is_coordinate(facts: Facts, looked: Sequence[Facts]) -> bool:
    """Whether `y` is no label but goes with an `x` of as many numbers."""
    twin = f"{facts.group}/x".lstrip("/")
    return facts.leaf.lower() == "y" and any(
        other.called.lower() == twin.lower() and other.shape == facts.shape for other in looked
    )


def _is_references(facts: Facts) -> bool:
    return h5py.check_ref_dtype(facts.dtype) is h5py.Reference


def _promise(facts: Facts, images: Facts) -> tuple[Any, ...]:
    """What makes a dataset the likelier labels, the weightiest first."""
    shared = sum(one == other for one, other in zip(facts.group.split("/"), images.group.split("/"), strict=False))
    return (
        facts.split is not None and facts.split == images.split,
        facts.label_rank > 0,
        shared if facts.group == images.group else shared - 1,
        "fine" in facts.leaf.lower(),
        facts.label_rank,
        facts.text_rank,
        facts.dtype.kind in "biu",
        prod(facts.shape) == max(facts.shape),
    )
