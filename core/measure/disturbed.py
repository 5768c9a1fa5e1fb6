"""Repeats beside which other programs were busy, and what was measured again in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .background_load import BUSY

Row = Mapping[str, Any]


def is_disturbed(load: float | None) -> bool:
    """Whether a repeat beside this background load (0 to 1, None where nobody looked) should be measured again."""
    return load is not None and load >= BUSY


def standing(repeats: Sequence[Row]) -> list[Row]:
    """Of each round of a configuration one repeat: where it was measured `again`, the one with the least background
    load. Records without such repeats have all of theirs."""
    best: dict[tuple[str, str], Row] = {}
    for row in repeats:
        if row.get("again") is True:
            best.setdefault(_of(row), row)
    for row in repeats:
        if _of(row) in best and _load(row) < _load(best[_of(row)]):
            best[_of(row)] = row
    chosen = {id(row) for row in best.values()}
    return [row for row in repeats if _of(row) not in best or id(row) in chosen]


def _of(row: Row) -> tuple[str, str]:
    return str(row.get("configuration")), str(row.get("round"))


def _load(row: Row) -> float:
    load = row.get("background_load")
    return float(load) if isinstance(load, int | float) else 1.0
