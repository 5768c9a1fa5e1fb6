"""JSON files that are read whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.strict_json import dumps


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Written beside its place and renamed, so that no reader meets half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(dumps(data, indent=1), encoding="utf-8")
    beside.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """The file's object, or None where there is none, or it is not one."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return data if isinstance(data, dict) else None
