"""Every image file below a folder, on disk, so that names in a table can be looked up: by path, by its end, by stem.

Paths are kept turned around (`0001.jpg/cat/images`), so that files whose path ends with what a table says are one range
of an index. Cases, slashes and Unicode's two spellings of an accented letter are told apart only where that decides.
"""

from __future__ import annotations

import os
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ...base.names import readable

CANDIDATES = 20
"""Files of one name are looked at up to this number; more are too many to choose from."""

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE disk(number INTEGER PRIMARY KEY, path BLOB, inside TEXT, folded TEXT, stem TEXT);
"""
_INDEXES = "CREATE INDEX by_name ON disk(folded); CREATE INDEX by_stem ON disk(stem);"


class ImageOnDisk(NamedTuple):
    """An image file: its number here, its path, and its path below the root with forward slashes, as proper text."""

    number: int
    path: Path
    inside: str


class ImageCatalogue:
    """The image files `paths`, all below `root`, in a SQLite file in `scratch`, which others may add tables to."""

    def __init__(self, scratch: Path, root: Path, paths: Iterable[Path]) -> None:
        self.root = root
        self._file = scratch / "images.sqlite"
        self._file.unlink(missing_ok=True)
        self.index = sqlite3.connect(self._file, isolation_level=None)
        self.index.executescript(_SCHEMA + "BEGIN;")
        self.index.executemany(
            "INSERT INTO disk(path, inside, folded, stem) VALUES (?, ?, ?, ?)", map(self._row, paths)
        )
        for statement in _INDEXES.split(";"):
            self.index.execute(statement)

    def _row(self, path: Path) -> tuple[bytes, str, str, str]:
        inside = readable(path.relative_to(self.root).as_posix())
        folded = turned(inside)
        name, slash, folders = folded.partition("/")
        return os.fsencode(path), inside, folded, name.rpartition(".")[0] + slash + folders

    def __len__(self) -> int:
        count: int = self.index.execute("SELECT COUNT(*) FROM disk").fetchone()[0]
        return count

    def at(self, inside: str, by_stem: bool = False) -> list[ImageOnDisk]:
        """The files at this path below the root; `by_stem`: with any ending behind it."""
        return self._found("{0} = ?", [turned(inside)], inside, by_stem)

    def ending_with(self, inside: str, by_stem: bool = False) -> list[ImageOnDisk]:
        """The files in folders below the root whose path there ends so, up to `CANDIDATES`."""
        folded = turned(inside)
        return self._found("{0} > ? AND {0} < ?", [f"{folded}/", f"{folded}0"], inside, by_stem)  # "0" follows "/"

    def _found(self, where: str, values: Sequence[str], inside: str, by_stem: bool) -> list[ImageOnDisk]:
        condition = where.format("stem" if by_stem else "folded")
        rows = self.index.execute(
            f"SELECT number, path, inside FROM disk WHERE {condition} LIMIT {CANDIDATES}",  # noqa: S608
            values,
        )
        found = [ImageOnDisk(number, Path(os.fsdecode(path)), text) for number, path, text in rows]
        if len(found) < 2:
            return found
        spelled = [one for one in found if _spelled_so(one.inside, inside, by_stem)]
        return sorted(spelled or found, key=lambda one: one.inside)

    def close(self) -> None:
        self.index.close()
        self._file.unlink(missing_ok=True)


def turned(inside: str) -> str:
    r"""
    >>> turned("Images/cat/1.JPG"), turned("Images\\1.JPG")
    ('1.jpg/cat/images', '1.jpg/images')
    """
    return "/".join(reversed(unicodedata.normalize("NFC", inside).casefold().replace("\\", "/").split("/")))


def _spelled_so(inside: str, wanted: str, by_stem: bool) -> bool:
    """Whether a path ends with just what is wanted, cases included."""
    path = inside.rpartition(".")[0] if by_stem else inside
    return path == wanted or path.endswith(f"/{wanted}")
