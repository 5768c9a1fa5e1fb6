"""JSON files: COCO's annotations, lists of objects, lists of pairs, and objects that give each image its label.

COCO (cocodataset.org, format-data): `images` [{id, file_name, ...}], `categories` [{id, name}] and `annotations`
[{image_id, category_id, bbox: [x, y, width, height], caption}]. All is noted in a temporary SQLite file first, since
annotations may stand before their images.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...base.errors import InputError
from ...base.names import readable
from ...base.strict_json import dumps
from .json_stream import JsonPiece, pieces
from .json_table import json_row, proper
from .table import LabelTable, TableRow, as_number, as_text

_SCHEMA = """
PRAGMA journal_mode = OFF;
CREATE TABLE rows(number INTEGER PRIMARY KEY, member TEXT, kept TEXT);
CREATE TABLE images(number INTEGER PRIMARY KEY, id TEXT, kept TEXT);
CREATE TABLE categories(id TEXT PRIMARY KEY, name TEXT);
CREATE TABLE annotations(image TEXT, category TEXT, box TEXT, caption TEXT);
"""

_COCO = {"images", "annotations", "categories", "info", "licenses"}
_OF_NO_USE = {"id", "file_name", "width", "height", "license", "flickr_url", "coco_url", "date_captured"}


@dataclass
class JsonTable(LabelTable):
    """A JSON file; its rows are COCO's images with what is annotated, or what its objects, pairs or members say."""

    _index: sqlite3.Connection | None = field(default=None, init=False, repr=False)

    def rows(self) -> Iterator[TableRow]:
        if self._index is None:
            self._index = sqlite3.connect("", isolation_level=None)  # a temporary file of SQLite's own
            self._index.executescript(_SCHEMA + "BEGIN;")
            for piece in pieces(self.path):
                self._note(self._index, piece)
            self._index.execute("CREATE INDEX of_image ON annotations(image)")
            if self._count("annotations") and not self._count("images"):
                raise InputError(f"{readable(self.path)} has annotations, but no images that they belong to")
        yield from self._coco() if self._count("images") else self._plain()

    def close(self) -> None:
        if self._index is not None:
            self._index.close()

    @property
    def _kept(self) -> sqlite3.Connection:
        assert self._index is not None, "rows() comes first"
        return self._index

    def _count(self, table: str) -> int:
        number: int = self._kept.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608
        return number

    def _note(self, index: sqlite3.Connection, piece: JsonPiece) -> None:
        value = proper(piece.value)
        if piece.key not in _COCO or not piece.element or not isinstance(value, dict):
            index.execute(
                "INSERT INTO rows(member, kept) VALUES (?, ?)", (proper(piece.key), dumps([piece.element, value]))
            )
        elif piece.key == "images":
            index.execute("INSERT INTO images(id, kept) VALUES (?, ?)", (as_text(value.get("id")), dumps(value)))
        elif piece.key == "categories":
            name = as_text(value.get("name", value.get("id")))
            index.execute("INSERT OR IGNORE INTO categories VALUES (?, ?)", (as_text(value.get("id")), name))
        elif piece.key == "annotations":
            category, caption = value.get("category_id"), value.get("caption")
            kept = (
                as_text(value.get("image_id")),
                None if category is None else as_text(category),
                dumps(value["bbox"]) if "bbox" in value else None,
                caption if isinstance(caption, str) else None,
            )
            index.execute("INSERT INTO annotations VALUES (?, ?, ?, ?)", kept)

    # ------------------------------------------------------------ COCO

    def _coco(self) -> Iterator[TableRow]:
        about = self._kept.execute("SELECT COUNT(category), COUNT(box), COUNT(caption) FROM annotations").fetchone()
        question = """SELECT category, name, box, caption FROM annotations LEFT JOIN categories ON id = category
                      WHERE image = ? ORDER BY annotations.rowid"""
        for number, image, kept in self._kept.execute("SELECT number, id, kept FROM images ORDER BY number"):
            values = json.loads(kept)
            row = {"file_name": values.get("file_name")}
            found = self._kept.execute(question, (image,)).fetchall()
            row |= _annotated(found, *map(bool, about))
            row |= {name: value for name, value in values.items() if name not in _OF_NO_USE and name not in row}
            yield TableRow(number, row)

    # ------------------------------------------------------------ anything else

    def _plain(self) -> Iterator[TableRow]:
        """Objects in a list, pairs in a list, or a member for each image, whose list is joined again."""
        waiting: tuple[int, str, list[Any]] | None = None
        for number, member, kept in self._kept.execute("SELECT number, member, kept FROM rows ORDER BY number"):
            element, value = json.loads(kept)
            if waiting is not None and (not element or member != waiting[1]):
                yield _named(*waiting)
                waiting = None
            if element and isinstance(value, dict):
                yield json_row(number, value)
            elif element and isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
                yield TableRow(number, {"name": value[0], "label": value[1]})
            elif element and member:
                waiting = waiting or (number, member, [])
                waiting[2].append(value)
            elif element:
                yield TableRow(number, {}, "not an object of named values")
            else:
                yield _named(number, member, value)
        if waiting is not None:
            yield _named(*waiting)


def _named(number: int, name: str, value: Any) -> TableRow:
    """What an object says of the image that its member is called after."""
    values = value if isinstance(value, dict) else {"label": value}
    row = json_row(number, values)
    return row._replace(values={"name": name, **row.values})


def _annotated(
    found: list[tuple[str | None, str | None, str | None, str | None]], categories: bool, boxes: bool, captions: bool
) -> dict[str, Any]:
    """What an image's annotations say, of what any of the file's say: categories, boxes (n, 4), captions."""
    row: dict[str, Any] = {}
    if categories:
        named = [(category, name or category) for category, name, _, _ in found if category is not None]
        row["categories"] = list(dict.fromkeys(name for _, name in named))
    if boxes:
        with_box = [(category, _box(box)) for category, _, box, _ in found if box is not None]
        row["boxes"] = np.array([box for _, box in with_box], dtype=np.float64).reshape(-1, 4)
        numbers = [as_number(category) for category, _ in with_box]
        if categories and all(number is not None and number.is_integer() for number in numbers):
            row["category_ids"] = np.array(numbers, dtype=np.int64)
    if captions:
        row["captions"] = [caption for *_, caption in found if caption is not None]
    return row


def _box(text: str) -> list[float]:
    """Four numbers; NaN where the file has something else."""
    value = json.loads(text)
    numbers = [as_number(one) for one in value] if isinstance(value, list) and len(value) == 4 else [None] * 4
    return [math.nan if number is None else number for number in numbers]
