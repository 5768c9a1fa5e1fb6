"""A table that lists image files which lie below its folder: CSV, TSV, or a JSON object a line.

One column is the path, counted from the folder; the others are facts about the image. Nothing is read that a path or a
link leads to outside of the folder.
"""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ...base.files import Unreadable, read_whole
from ...formats.sample_files import file_blocks, read_file
from ..fields import Declared, FieldRecords
from ..folder.file import FilesFolder
from ..records import Finding

ENDINGS = (".csv", ".tsv", ".jsonl")
PATHS = (
    "path", "file_name", "filename", "file", "image_path", "img_path", "filepath", "file_path", "image", "img",
    "image_file", "image_name", "name",
)  # fmt: skip
"""What the column of paths is called, the surest first."""

MOST_TABLE = 1 << 26
"""64 MiB of a table, which is held in memory."""

MOST_ROWS = 1_000_000
MOST_TABLES = 20
LOOKED_AT = 16
LOOK_SECONDS = 1.0


class ListedImages(FieldRecords):
    """A record for each row: the image, and the row's columns. Keys are the paths."""

    kind: ClassVar[str] = "folder"

    def __init__(self, folder: FilesFolder, table: str, column: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._root = Path(os.path.realpath(folder.path))
        self._rows, self._column = rows, column
        self._image = "image" if not rows or "image" not in rows[0] else "image file"
        said = f"the column {column!r} of {table} names image files in this folder"
        super().__init__(folder, said, Declared(image=self._image, exact=True))
        counts = Counter(self._path(index) for index in range(len(rows)))
        self._twice = {path for path, count in counts.items() if count > 1}
        self._places = {self.key(index): index for index in range(len(rows))}
        self.findings += self._look_for_missing()

    @classmethod
    def recognise(cls, folder: FilesFolder) -> ListedImages | None:
        tables = [name for name in folder.names if name.lower().endswith(ENDINGS)]
        for name in tables[:MOST_TABLES]:
            try:
                rows = list(_rows_of(folder.path / name))
            except (Unreadable, ValueError, csv.Error):
                continue
            column = _column_of(rows, Path(os.path.realpath(folder.path)))
            if column is not None:
                records = cls(folder, name, column, rows)
                others = [other for other in tables if other != name]
                records.warnings += [f"{', '.join(others[:5])} lies beside and is not read"] if others else []
                return records
        return None

    def __len__(self) -> int:
        return len(self._rows)

    def key(self, index: int) -> str:
        path = self._path(index)
        return f"{path} (row {index})" if path in self._twice else path

    def find(self, key: str) -> int | None:
        return self._places.get(key)

    def fields(self, index: int) -> Mapping[str, Any]:
        """The image is None where its file is not there. Raises ValueError for one that must not or cannot be read."""
        return {self._image: self._data(index), **self.label_fields(index)}

    def label_fields(self, index: int) -> Mapping[str, Any]:
        return {name: _value(value) for name, value in self._rows[index].items()}

    def stored_bytes(self, index: int) -> int | None:
        inside = below(self._root, self._path(index))
        return None if inside is None or not inside.is_file() else file_blocks(inside)

    def _path(self, index: int) -> str:
        return str(self._rows[index].get(self._column) or "")

    def _data(self, index: int) -> bytes | None:
        inside = below(self._root, self._path(index))
        if inside is None:
            raise ValueError(f"{self._path(index)!r} leads out of the folder, or behind a link, and is not read")
        try:
            return read_file(str(inside))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ValueError(str(error)) from None

    def _look_for_missing(self) -> list[Finding]:
        """The rows whose file is not there, as far as there is time to look."""
        deadline, missing = time.monotonic() + LOOK_SECONDS, []
        for index in range(len(self._rows)):
            if index % 256 == 0 and time.monotonic() > deadline:
                break
            inside = below(self._root, self._path(index))
            missing += [self._path(index)] if inside is not None and not os.path.lexists(inside) else []
        if not missing:
            return []
        return [
            Finding(
                "missing-image",
                len(missing),
                ", ".join(missing[:5]),
                "the table names files that are not there: a loader fails at them, or leaves them out without a word",
                "put the files back, or remove their rows",
            )
        ]


def below(root: Path, path: str) -> Path | None:
    """The file that a relative path names below a folder (resolved); None where it leads out of it or over a link."""
    parts = path.split("/")
    if not path or "\0" in path or "\\" in path or any(part in ("", ".", "..") for part in parts):
        return None
    inside = root.joinpath(*parts)
    try:
        return inside if os.path.realpath(inside) == str(inside) else None
    except OSError:
        return None


def _rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows by the names of their columns. Raises Unreadable, ValueError or csv.Error for what is no table."""
    if path.is_symlink():
        raise Unreadable("it is a link")
    text = read_whole(path, MOST_TABLE).decode("utf-8-sig")
    if path.suffix.lower() == ".jsonl":
        for line in text.splitlines()[:MOST_ROWS]:
            told = json.loads(line)
            if not isinstance(told, dict):
                raise ValueError("a line is no object")
            yield told
        return
    rows = csv.reader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    header = [name.strip() for name in next(rows, [])]
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            return
        if row:
            yield dict(zip(header, row, strict=False))


def _column_of(rows: Sequence[Mapping[str, Any]], root: Path) -> str | None:
    """The column of paths: by its name, and because files are there for it, most of which may be images."""
    if not rows:
        return None
    looked = rows[:: max(len(rows) // LOOKED_AT, 1)][:LOOKED_AT]
    names = {name.lower(): name for name in rows[0]}
    for called in PATHS:
        name = names.get(called)
        paths = [str(row.get(name) or "") for row in looked] if name is not None else []
        there = [path for path in paths if (inside := below(root, path)) is not None and inside.is_file()]
        if 2 * len(there) > len(paths) and any(Path(path).suffix.lower() in _IMAGES for path in there):
            return name
    return None


_IMAGES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2", ".avif")
)


def _value(value: Any) -> Any:
    """A number where a text is one as it would be written."""
    if isinstance(value, str) and value.lstrip("-").isdecimal() and str(int(value)) == value:
        return int(value)
    return value
