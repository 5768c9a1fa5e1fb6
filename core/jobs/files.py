"""A job's JSON files, which no reader meets half written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.files import Unreadable, read_object, write_whole
from ..base.strict_json import dumps


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Raises OSError; then nothing is left."""
    write_whole(path, dumps(data, indent=1).encode("utf-8"))


def read_json(path: Path) -> dict[str, Any] | None:
    """The file's object, or None where there is none, or it is not one."""
    try:
        return read_object(path)
    except Unreadable:
        return None
