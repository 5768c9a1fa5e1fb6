"""Lists joined by the number of an image, as CUB-200-2011 has them.

`images.txt` (`1 001.Albatross/a.jpg`) names the images; `image_class_labels.txt` (`1 1`), `classes.txt`
(`1 001.Albatross`), `train_test_split.txt` (`1 0`: 1 is train) and `bounding_boxes.txt` (`1 x y width height`) say what
is in them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...base.errors import InputError
from ...base.names import readable
from .table import MAX_LINE, LabelTable, TableRow, as_number
from .text_table import text_encoding

IMAGES, LABELS = "images.txt", "image_class_labels.txt"
CLASSES, SPLITS, BOXES = "classes.txt", "train_test_split.txt", "bounding_boxes.txt"


@dataclass
class IdLists(LabelTable):
    """The lists in the folder of `path`, which is one of them."""

    _index: sqlite3.Connection | None = field(default=None, init=False, repr=False)

    def rows(self) -> Iterator[TableRow]:
        if self._index is None:
            self._index = sqlite3.connect("", isolation_level=None)  # a temporary file of SQLite's own
            self._index.execute(
                "CREATE TABLE said(list TEXT, id TEXT, value TEXT, PRIMARY KEY (list, id)) WITHOUT ROWID"
            )
            for name in (LABELS, CLASSES, SPLITS, BOXES):
                rows = ((name, one, value) for _, one, value in _pairs(self.path.parent / name))
                self._index.executemany("INSERT OR IGNORE INTO said VALUES (?, ?, ?)", rows)
        for number, one, name in _pairs(self.path.parent / IMAGES):
            yield TableRow(number, {"image": name, **self._said(one)})

    def _said(self, one: str) -> dict[str, object]:
        number = self._get(LABELS, one)
        said: dict[str, object] = {"label": None if number is None else self._get(CLASSES, number) or number}
        if (train := self._get(SPLITS, one)) is not None:
            said["is_train"] = train
        if (box := self._get(BOXES, one)) is not None:
            numbers = [as_number(part) for part in box.split()]
            if len(numbers) == 4 and None not in numbers:
                said["boxes"] = np.array([numbers], dtype=np.float64)
        return said

    def _get(self, name: str, one: str) -> str | None:
        assert self._index is not None, "rows() comes first"
        row = self._index.execute("SELECT value FROM said WHERE list = ? AND id = ?", (name, one)).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        if self._index is not None:
            self._index.close()


def is_id_list(path: Path) -> bool:
    """Whether a file is one of several lists that are joined by numbers."""
    names = (IMAGES, LABELS, CLASSES, SPLITS, BOXES)
    return path.name in names and all((path.parent / name).is_file() for name in (IMAGES, LABELS))


def _pairs(path: Path) -> Iterator[tuple[int, str, str]]:
    """(number of the line, its first word, what follows) of a list, if it is there."""
    if not path.is_file():
        return
    try:
        with path.open(encoding=text_encoding(path), errors="backslashreplace") as file:
            number = 0
            while line := file.readline(MAX_LINE):
                number += 1
                words = line.split(None, 1)
                if len(words) == 2:
                    yield number, words[0], words[1].strip()
    except OSError as error:
        raise InputError(f"{readable(path)} cannot be read: {error.strerror}") from None
