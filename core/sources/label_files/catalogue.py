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
CREATE TABLE disk(number INTEGER PRIMARY KEY, inside TEXT, raw BLOB);
"""
_INDEXES = ("CREATE INDEX by_name ON disk(TURNED(inside))", "CREATE INDEX by_stem ON disk(STEM(inside))")


class ImageOnDisk(NamedTuple):
    """An image file: its number here, and its path below the root with forward slashes, as proper text."""

    number: int
    inside: str


class ImageCatalogue:
    """The image files `paths`, all below `root`, in a SQLite file in `scratch`, which others may add tables to."""

    def __init__(self, scratch: Path, root: Path, paths: Iterable[str]) -> None:
        self.root = root
        self._below = len(os.path.join(root, ""))  # noqa: PTH118 - with its slash behind
        self._file = scratch / "images.sqlite"
        self._file.unlink(missing_ok=True)
        self.index = sqlite3.connect(self._file, isolation_level=None)
        self.index.create_function("TURNED", 1, turned, deterministic=True)
        self.index.create_function("STEM", 1, turned_stem, deterministic=True)
        self.index.executescript(_SCHEMA + "BEGIN;")
        self.index.executemany("INSERT INTO disk(inside, raw) VALUES (?, ?)", map(self._row, paths))
        for statement in _INDEXES:
            self.index.execute(statement)

    def _row(self, path: str) -> tuple[str, bytes | None]:
        inside = path[self._below :]
        text = readable(inside)
        return text, None if text == inside else os.fsencode(inside)

    def path(self, inside: str, raw: bytes | None) -> str:
        """A file's path as the file system spells it; `raw` is its path below the root where that is not UTF-8."""
        return os.path.join(self.root, inside if raw is None else os.fsdecode(raw))  # noqa: PTH118 - a million of them

    def __len__(self) -> int:
        count: int = self.index.execute("SELECT COUNT(*) FROM disk").fetchone()[0]
        return count

    def at(self, inside: str, by_stem: bool = False) -> list[ImageOnDisk]:
        """The files at this path below the root; `by_stem`: with any ending behind it."""
        return self._found("{0} = ?", [turned(inside)], inside, by_stem)

    def at_or_below(self, inside: str, by_stem: bool = False) -> list[ImageOnDisk]:
        """The files at this path below the root; where there are none, those in folders whose path there ends so, up to
        `CANDIDATES`."""
        folded = turned(inside)
        values = [folded, f"{folded}/", f"{folded}0"]  # "0" follows "/"
        found = self._found("{0} = ? OR ({0} > ? AND {0} < ?)", values, inside, by_stem)
        if len(found) < 2:
            return found
        return self.at(inside, by_stem) or found

    def _found(self, where: str, values: Sequence[str], inside: str, by_stem: bool) -> list[ImageOnDisk]:
        condition = where.format("STEM(inside)" if by_stem else "TURNED(inside)")
        rows = self.index.execute(
            f"SELECT number, inside FROM disk WHERE {condition} LIMIT {CANDIDATES}",  # noqa: S608
            values,
        )
        found = [ImageOnDisk(number, text) for number, text in rows]
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
    text = inside if inside.isascii() else unicodedata.normalize("NFC", inside)
    return "/".join(text.casefold().replace("\\", "/").split("/")[::-1])


def turned_stem(inside: str) -> str:
    """
    >>> turned_stem("Images/cat.1.JPG")
    'cat.1/images'
    """
    name, slash, folders = turned(inside).partition("/")
    return name.rpartition(".")[0] + slash + folders


def _spelled_so(inside: str, wanted: str, by_stem: bool) -> bool:
    """Whether a path ends with just what is wanted, cases included."""
    path = inside.rpartition(".")[0] if by_stem else inside
    return path == wanted or path.endswith(f"/{wanted}")
