"""What is in the columns of a table: read once from the first row to the last, with bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from .resolver import LONGEST
from .table import MAX_COLUMNS, LabelTable, as_integer, as_number, as_text, is_missing

DISTINCT = 60_000
"""Different values of one column that are told apart; of many columns fewer."""

ALL_DISTINCT = 600_000

LONGEST_LABEL = 200
"""Characters; a longer text is no class."""

_ARRAY = re.compile(r"\s*\[[0-9eE+\-.,\s\[\]]{0,20000}\]\s*")

SAMPLED = 400
"""Rows, spread over the table, that are looked up among the images."""


@dataclass
class ColumnProfile:
    """A column: how many cells say something, and what kind of thing.

    `distinct` is None where there are more values than are told apart, or ones that are too long for a class.
    """

    name: str
    filled: int = 0
    distinct: set[str] | None = field(default_factory=set)
    integers: bool = True
    numbers: bool = True
    flags: bool = True
    """Whether all are 0 or 1 (or -1 and 1)."""
    objects: bool = False
    lists: int = 0
    written: bool = True
    """Whether all are lists of numbers as people write them into a cell."""
    arrays: set[int] = field(default_factory=set)
    """Dimensions of the lists that are arrays of numbers; -1 stands for lists that are none."""

    def add(self, value: Any, most: int) -> None:
        if is_missing(value):
            return
        self.filled += 1
        if self.written:
            self._add_written(value)
        if isinstance(value, list | dict | np.ndarray):
            self.integers = self.numbers = self.flags = False
            self._add_list(value, most) if isinstance(value, list) else self._add_object()
            return
        if self.numbers:
            number = as_number(value)
            self.numbers = number is not None
            self.integers = self.integers and as_integer(value) is not None
            self.flags = self.flags and number in (0.0, 1.0, -1.0)
        self._note(value, most)

    def _add_written(self, value: Any) -> None:
        array = written_array(value)
        self.written = array is not None
        if array:
            self.arrays.add(dimensions(array))

    def _add_list(self, value: list[Any], most: int) -> None:
        self.lists += 1
        if value:
            self.arrays.add(dimensions(value))
        for one in value:
            self._note(one, most)

    def _add_object(self) -> None:
        self.objects = True
        self.distinct = None

    def _note(self, value: Any, most: int) -> None:
        if self.distinct is None:
            return
        text = as_text(value) if isinstance(value, str | int | float) else ""
        if 0 < len(text) <= LONGEST_LABEL and "\n" not in text:
            self.distinct.add(text)
        if len(text) > LONGEST_LABEL or len(self.distinct) > most or isinstance(value, list | dict):
            self.distinct = None

    @property
    def array(self) -> int:
        """How many dimensions the arrays have that all its cells are; 0 where they are none."""
        if len(self.arrays) != 1 or -1 in self.arrays or not (self.written or self.lists == self.filled):
            return 0
        return next(iter(self.arrays))

    @property
    def plain_numbers(self) -> bool:
        return self.numbers and self.filled > 0

    @property
    def is_flags(self) -> bool:
        return self.flags and self.filled > 0


@dataclass
class TableProfile:
    """The columns of a table, its number of rows, and some of these, spread over it."""

    columns: dict[str, ColumnProfile] = field(default_factory=dict)
    rows: int = 0
    faults: int = 0
    sample: list[Mapping[str, Any]] = field(default_factory=list)
    too_many: bool = False

    def values(self, column: str) -> list[Any]:
        """The column's values in the rows of the sample."""
        return [row.get(column) for row in self.sample]


def profile(table: LabelTable, most_rows: int | None = None) -> TableProfile:
    """Read the whole table, or its first rows. Raises InputError where it cannot be read."""
    found, step = TableProfile(), 1
    for row in islice(table.rows(), most_rows):
        if row.fault:
            found.faults += 1
            continue
        if found.rows % step == 0:
            found.sample.append({name: _cut(value) for name, value in row.values.items()})
            if len(found.sample) >= 2 * SAMPLED:
                found.sample, step = found.sample[::2], step * 2
        found.rows += 1
        most = min(DISTINCT, ALL_DISTINCT // max(1, len(found.columns)))
        for name, value in row.values.items():
            column = found.columns.get(name)
            if column is None:
                if len(found.columns) >= MAX_COLUMNS:
                    found.too_many = True
                    continue
                column = found.columns[name] = ColumnProfile(name)
            column.add(value, most)
    return found


def written_array(value: Any) -> list[Any] | None:
    """
    >>> written_array("[834.0, 222]"), written_array("[cat]"), written_array("7")
    ([834.0, 222], None, None)
    """
    if not isinstance(value, str) or not _ARRAY.fullmatch(value):
        return None
    try:
        array = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return array if isinstance(array, list) and (not array or dimensions(array) > 0) else None


def dimensions(value: list[Any]) -> int:
    """1 for a list of numbers, 2 for one of lists of numbers of one length, else -1."""
    if all(type(one) in (int, float) for one in value):
        return 1
    lengths = {len(one) if isinstance(one, list) and dimensions(one) == 1 else -1 for one in value}
    return 2 if len(lengths) == 1 and -1 not in lengths else -1


def _cut(value: Any) -> Any:
    """A cell as it is kept in the sample: long ones name no image."""
    if isinstance(value, list | dict | np.ndarray):
        return None
    return value[:LONGEST] if isinstance(value, str) else value
