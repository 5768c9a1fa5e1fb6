"""What the label columns of a table mean: a class, several labels, a number to be learned, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...base.errors import InputError
from ..folder_names import tokens
from .profile import LONGEST_LABEL, ColumnProfile
from .table import as_number, as_text, is_missing

FEW_NUMBERS = 20
"""Numbers with fractions are classes where there are at most so many different ones."""

CLASS, MANY, NUMBER, NOTHING = "class", "many", "number", "nothing"

LIST = "[]"
"""The separator of lists as Python prints them: ['cat', 'dog']."""

_LIST = re.compile(r"""\[\s*(('[^']*'|"[^"]*")\s*(,\s*('[^']*'|"[^"]*")\s*)*)?\]""")
_QUOTED = re.compile(r"'([^']*)'")

_WORDS = re.compile(r"[\w .,:&/()+|-]+")
"""What several labels with bars between are written with; a formula is not."""

_WHOLE = re.compile(r"([+-]?[0-9]+)\.0*")
_SEVERAL = frozenset(("labels", "tags", "findings", "classes", "categories", "attributes", "attribute", "genres"))


@dataclass(frozen=True)
class LabelMeaning:
    """kind: "class" (one per image), "many" (a list of labels), "number" (a regression target) or "nothing"."""

    kind: str
    columns: tuple[str, ...] = ()
    separator: str = ""

    def labels(self, values: Mapping[str, Any]) -> list[str] | str:
        """A row's labels, or why it has none. Of the kinds "number" and "nothing" an empty list."""
        if self.kind in (NUMBER, NOTHING):
            return []
        if len(self.columns) > 1:
            return [name for name in self.columns if (as_number(values.get(name)) or 0.0) > 0]
        value = values.get(self.columns[0])
        parts = self._parts(value)
        if self.kind == CLASS and not parts:
            return "it has no label"
        wrong = next((part for part in parts if len(part) > LONGEST_LABEL or "\n" in part), None)
        if wrong is not None:
            return f"its label is {len(wrong):,} characters or several lines long: is a quote left open?"
        return parts

    def _parts(self, value: Any) -> list[str]:
        if isinstance(value, list):
            return list(dict.fromkeys(as_class(one) for one in value if not is_missing(one)))
        if is_missing(value) or isinstance(value, dict):
            return []
        if not self.separator:
            return [as_class(value)]
        if self.separator == LIST:
            return list(dict.fromkeys(_QUOTED.findall(as_text(value)[1:-1].replace('"', "'"))))
        return list(dict.fromkeys(part.strip() for part in as_text(value).split(self.separator) if part.strip()))


def as_class(value: Any) -> str:
    """
    >>> as_class("2.0"), as_class(2), as_class(True), as_class(" cat "), as_class("007")
    ('2', '2', 'True', 'cat', '007')
    """
    text = as_text(value)
    found = _WHOLE.fullmatch(text)
    return found[1] if found else text


def meaning_of(columns: Sequence[str], profiles: Mapping[str, ColumnProfile], asked: bool) -> LabelMeaning:
    """What these label columns say; `asked`: a person named them.

    Raises:
        InputError: a column that was asked for holds no classes and no numbers.
    """
    if not columns:
        return LabelMeaning(NOTHING)
    if len(columns) > 1:
        wrong = next((name for name in columns if not profiles[name].is_flags), None)
        if wrong is not None:
            raise InputError(
                f"several label columns say yes or no with 1 and 0, which {wrong!r} does not; name one column"
            )
        return LabelMeaning(MANY, tuple(columns))
    column = profiles[columns[0]]
    if column.plain_numbers and _is_measured(column):
        return LabelMeaning(NUMBER, tuple(columns))
    if column.distinct is None:
        if asked:
            raise InputError(
                f"the column {column.name!r} holds long texts, objects or too many different values for classes; "
                "name another one, or --option label=none, which keeps it as a field"
            )
        return LabelMeaning(NOTHING)
    if column.lists:
        return LabelMeaning(MANY, tuple(columns))
    separator = "" if column.plain_numbers else _separator(column)
    return LabelMeaning(MANY if separator else CLASS, tuple(columns), separator)


def _is_measured(column: ColumnProfile) -> bool:
    """Whether numbers are measurements rather than the numbers of classes."""
    if column.distinct is None:
        return True
    mostly_different = 2 * len(column.distinct) > column.filled
    if all(as_class(value).lstrip("+-").isdigit() for value in column.distinct):
        return column.filled >= 2 * FEW_NUMBERS and mostly_different
    return len(column.distinct) > FEW_NUMBERS or mostly_different


def _separator(column: ColumnProfile) -> str:
    """What stands between several labels in one cell, or ""."""
    distinct = column.distinct or set()
    if distinct and all(_LIST.fullmatch(value) for value in distinct):
        return LIST
    several_in = [value for value in distinct if "|" in value]
    if several_in and all(_WORDS.fullmatch(value) for value in several_in):
        return "|"
    several = not _SEVERAL.isdisjoint(tokens(column.name))
    separators = (";", ",", " ") if several else (";", ",")
    for separator in separators:
        if any(separator in value for value in distinct) and _recur(distinct, separator):
            return separator
    return ""


def _recur(distinct: Iterable[str], separator: str) -> bool:
    """Whether the parts of cells are fewer than the cells, and some stand alone: they combine."""
    values = set(distinct)
    parts = {part.strip() for value in values for part in value.split(separator)}
    return len(parts) < len(values) and not parts.isdisjoint(values)
