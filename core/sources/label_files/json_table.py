"""JSON Lines: an object for each image, as Hugging Face's `metadata.jsonl` has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...base.errors import InputError
from ...base.names import readable
from .table import MAX_CELL, MAX_COLUMNS, MAX_LINE, LabelTable, TableRow, count_lines


@dataclass
class JsonLinesTable(LabelTable):
    """A file of one JSON object per line."""

    def rows(self) -> Iterator[TableRow]:
        try:
            with self.path.open("rb") as file:
                number = 0
                while line := file.readline(MAX_LINE + 1):
                    number += 1
                    if len(line) > MAX_LINE:
                        raise InputError(
                            f"{readable(self.path)} has a line of more than {MAX_LINE >> 20} MiB (line {number:,}), "
                            "which is not read as JSON Lines"
                        )
                    if line.strip():
                        yield _row(number, line)
        except OSError as error:
            raise InputError(f"{readable(self.path)} cannot be read: {error.strerror}") from None

    def lines(self) -> int:
        return count_lines(self.path)


def _row(number: int, line: bytes) -> TableRow:
    try:
        values = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        return TableRow(number, {}, f"not JSON: {error}"[:200])
    return json_row(number, proper(values) if b"\\ud" in line.lower() else values)


def proper(value: Any) -> Any:
    """A value with halves of surrogate pairs in its texts, which nothing can keep, spelled out (\\ud800)."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [proper(one) for one in value]
    return {proper(name): proper(one) for name, one in value.items()} if isinstance(value, dict) else value


def json_row(number: int, values: object) -> TableRow:
    """A row from what JSON had: an object of named values."""
    if not isinstance(values, dict):
        return TableRow(number, {}, "not an object of named values")
    if len(values) > MAX_COLUMNS:
        return TableRow(number, {}, f"{len(values):,} values, where up to {MAX_COLUMNS:,} are read")
    if any(isinstance(value, str) and len(value) > MAX_CELL for value in values.values()):
        return TableRow(number, {}, f"a cell of more than {MAX_CELL:,} characters")
    return TableRow(number, {" ".join(name.split())[:200]: value for name, value in values.items()})
