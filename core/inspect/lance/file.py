"""A Lance dataset, open at its latest version. pylance reads it, in the reader process; it follows no address."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ..display import Choice
from ..records import ReadCost

MOST_FILES = 100_000
LISTED = 1000


class LanceFile:
    """`dataset`: pylance's. Raises InputError where it cannot be opened, or has parts at other addresses."""

    kind: ClassVar[str] = "lance"

    def __init__(self, path: Path) -> None:
        self.choice = Choice()
        self.path = path
        os.environ.setdefault("LANCE_CPU_THREADS", "1")  # a reader has little memory, and threads have buffers
        os.environ.setdefault("LANCE_IO_THREADS", "2")
        lance = importlib.import_module("lance")
        try:
            self.dataset: Any = lance.dataset(str(path))
            self.rows = int(self.dataset.count_rows())
        except Exception as error:  # noqa: BLE001 - pylance raises whatever its Rust code comes to
            raise InputError(f"{path} cannot be read by pylance: {' '.join(str(error).split())[:300]}") from None
        elsewhere = self.dataset.base_paths() if hasattr(self.dataset, "base_paths") else None
        if elsewhere:
            raise InputError(f"{path} has parts at other addresses, which are not followed: {str(elsewhere)[:200]}")

    def structure(self) -> Mapping[str, Any]:
        """Version, fragments and columns."""
        fragments = self.dataset.get_fragments()
        rows = [{"fragment": one.fragment_id, "rows": one.count_rows()} for one in fragments[:LISTED]]
        columns = [{"name": field.name, "type": str(field.type)[:200]} for field in self.dataset.schema]
        size = self._bytes()
        each = -(-size // self.rows) if self.rows else 0
        said = "the pages of each column in which the row lies, as pylance reads them"
        return {
            "version": int(self.dataset.version),
            "rows": self.rows,
            "apparent_bytes": size,
            "all_fragments": len(fragments),
            "fragments": rows,
            "columns": columns,
            "read_cost": ReadCost(each, each, said, len(columns)).to_json(),
        }

    def _bytes(self) -> int:
        """Of the data files, not of their indexes and versions."""
        total = 0
        for number, (folder, _, names) in enumerate(os.walk(self.path / "data")):
            total += sum((Path(folder) / name).stat(follow_symlinks=False).st_size for name in names)
            if number > MOST_FILES:
                break
        return total

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        """pylance closes what it has open itself."""
