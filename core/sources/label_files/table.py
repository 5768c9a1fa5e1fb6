"""What all label files become: rows of named values, read as often as asked, never all in memory."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ...base.errors import InputError
from ...base.names import readable

LOOKED_AT_ROWS = 50_000
"""Rows of a table that are read for who only wants to look."""

MAX_COLUMNS = 2_000
"""A table of more columns is not read."""

MAX_CELL = 1 << 20
"""Characters; a row with a longer cell is left out."""

MAX_LINE = 16 << 20
"""Characters of a line of text."""

MISSING = frozenset(("", "nan", "na", "n/a", "null", "<na>"))
"""Texts that say that there is no value, in lower case."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


class TableRow(NamedTuple):
    """A row: its number as the file's readers count (a header is row 1), its values by column; or what is wrong."""

    number: int
    values: Mapping[str, Any]
    fault: str = ""


@dataclass
class LabelTable:
    """A label file. `split` is the one that its name tells, or ""; `notes` say what was guessed about it."""

    path: Path
    split: str = field(default="", kw_only=True)
    noun: str = field(default="row", kw_only=True)
    notes: list[str] = field(default_factory=list, kw_only=True)

    def rows(self) -> Iterator[TableRow]:
        """All rows from the first on. Raises InputError where the file cannot be read as what it seems to be."""
        raise NotImplementedError

    def lines(self) -> int | None:
        """How many rows there are at most, told without reading them as such; None where that takes as long."""
        return None

    def close(self) -> None:
        """Let go of what was opened."""

    def without_header(self) -> bool:
        """Take the first row for one like the others; whether that is possible."""
        return False


def count_lines(path: Path) -> int:
    """The line breaks of a file. Raises InputError."""
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except OSError as error:
        raise InputError(f"{readable(path)} cannot be read: {error.strerror}") from None


def is_missing(value: Any) -> bool:
    """Whether a cell says nothing."""
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    return value is None or (isinstance(value, float) and math.isnan(value))


def as_text(value: Any) -> str:
    """A plain value as text: whole numbers without a fraction, text without blanks around it."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def as_integer(value: Any) -> int | None:
    """The whole number that a cell holds, or None. "007" is none: it is a name."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value) if str(int(value)) == value.strip().lstrip("+") else None
    return None


def as_number(value: Any) -> float | None:
    """The finite number that a cell holds, or None."""
    if isinstance(value, bool | int | float):
        number = float(value) if abs(value) < 1e300 else math.inf
        return number if math.isfinite(number) else None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        number = float(value)
        return number if math.isfinite(number) else None
    return None
