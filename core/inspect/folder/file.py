"""A folder of files, looked at and never written to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ..display import Choice

MAX_FILES = 2_000_000


class FilesFolder:
    """The files directly inside one folder, by name."""

    kind: ClassVar[str] = "folder"

    def __init__(self, path: Path) -> None:
        self.choice = Choice()
        self.path = path

    @cached_property
    def names(self) -> list[str]:
        """Names of regular files (no links), sorted."""
        with os.scandir(self.path) as entries:
            found = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        return sorted(found[:MAX_FILES])

    def structure(self) -> Mapping[str, Any]:
        """How many files of which ending there are."""
        endings = Counter(Path(name).suffix.lower() for name in self.names)
        return {"files": len(self.names), "endings": dict(endings.most_common(20))}

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        """There is nothing to close."""
