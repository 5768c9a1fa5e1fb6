"""Rows as CSV for spreadsheets and as JSON for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base.strict_json import dumps, plain

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes text that begins with one of these for a formula and may run it."""


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and a line a row. Columns stand in the order of their first values; nested ones are "outer.inner"."""
    flat = [dict(_flat(row)) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(map(_cell, columns))
    lines.writerows([_cell(row.get(name)) for name in columns] for row in flat)
    return out.getvalue()


def json_text(data: Any) -> str:
    """Standard JSON: what is not a finite number becomes null, what JSON does not know becomes text."""
    return dumps(data, indent=1) + "\n"


def _flat(row: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        text = value.encode("utf-8", "backslashreplace").decode()  # half a pair of surrogates cannot be written
        return f"'{text}" if text.startswith(FORMULA) else text
    if isinstance(value, Sequence):
        return dumps(value)
    return "" if plain(value) is None else value
