"""What the app remembers of inspected files, in its own home and never beside them: how to read each, the last ones.

`data/inspector.json`: `schemas` ({fingerprint: schema}) and `recent` (paths, the last first).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..base import checksums
from ..base.checked_fields import TEXT, check, list_of, object_of
from ..base.errors import disk_trouble_told
from ..base.files import Unreadable, read_object, write_whole
from ..base.home import Home
from ..base.strict_json import dumps
from .kinds import opened_path

MOST_SCHEMAS, MOST_RECENT = 500, 12
PIECE = 1 << 16
"""Bytes of the beginning, the middle and the end that a fingerprint is taken of."""


@dataclass(frozen=True)
class Remembered:
    """`schemas`: how files are to be read, by fingerprint; `recent`: the paths that were opened last."""

    schemas: Mapping[str, str] = field(default_factory=dict)
    recent: tuple[str, ...] = ()

    @classmethod
    def load(cls, home: Home) -> Remembered:
        """What was remembered; nothing, where there is no such file or it is not ours any more."""
        try:
            told = read_object(_path(home))
            check(told, {"schemas": object_of(TEXT), "recent": list_of(TEXT)})
        except Unreadable:
            return cls()
        return cls(told["schemas"], tuple(told["recent"]))

    def save(self, home: Home) -> None:
        """Written beside its place and renamed. Raises WorkError where the disk refuses."""
        path = _path(home)
        with disk_trouble_told("remembering how the file is read"):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, dumps({"schemas": self.schemas, "recent": self.recent}, indent=1).encode())


def remember_schema(home: Home, fingerprint: str, schema: str | None) -> None:
    """From now on a file with this fingerprint is read so; None: as it is recognised."""
    known = Remembered.load(home)
    kept = {key: value for key, value in known.schemas.items() if key != fingerprint}
    if schema is not None:
        kept = {**dict(list(kept.items())[1 - MOST_SCHEMAS :]), fingerprint: schema}
    if kept != known.schemas:
        Remembered(kept, known.recent).save(home)


def remember_path(home: Home, path: str) -> None:
    """This file was opened just now."""
    known = Remembered.load(home)
    recent = (path, *(other for other in known.recent if other != path))[:MOST_RECENT]
    if recent != known.recent:
        Remembered(known.schemas, recent).save(home)


def fingerprint(path: Path) -> str:
    """Tells a file from others by its size and three pieces of its content, wherever it lies; a folder by its path."""
    file = opened_path(path)
    if not file.is_file():
        return f"folder-{checksums.of_bytes(os.fsencode(path)):016x}"
    size = file.stat().st_size
    pieces = b""
    with contextlib.suppress(OSError), file.open("rb") as opened:
        for offset in (0, size // 2, max(size - PIECE, 0)):
            opened.seek(offset)
            pieces += opened.read(PIECE)
    return f"{size:x}-{checksums.of_bytes(pieces):016x}"


def _path(home: Home) -> Path:
    return home.root / "data" / "inspector.json"
