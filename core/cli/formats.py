"""What `formats` shows a reader: the parts, and below them the options of all, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .plain_text import cell_text


def readable_formats(told: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """`told`: formats, encodings and compressions as `Registry.describe` tells them."""
    parts = {name: [_part(row) for row in rows] for name, rows in told.items()}
    return {**parts, "options": _options([row for rows in told.values() for row in rows])}


def _part(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "title": row["title"],
        "options": ", ".join(row["options"]),
        "available": True if row["available"] else f"no: {row['install_hint']}",
    }


def _options(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each option; parts that have the very same one share it."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        for name, option in row["options"].items():
            values = ", ".join(map(str, option["choices"] or [])) or _range(option)
            default = cell_text("" if option["default"] is None else option["default"])
            one = found.setdefault(
                (name, option["help"], values, default),
                {"option": name, "of": "", "values": values, "default": default, "help": option["help"]},
            )
            one["of"] += f"{', ' if one['of'] else ''}{row['name']}"
    return sorted(found.values(), key=lambda one: str(one["option"]))


def _range(option: Mapping[str, Any]) -> str:
    if option["type"] == "bool":
        return "yes, no"
    low, high = option["minimum"], option["maximum"]
    return "" if low is None or high is None else f"{low:,} to {high:,}"
