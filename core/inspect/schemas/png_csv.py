"""PNG files with their labels in CSV files, all in one folder, as a tutorial keeps them.

Image i is `i.png`. Its label is in `i.csv` (one row), or in row i of `n.csv`, where n images were kept together and n
is the number of rows. Both may lie in one folder, of several experiments; the largest table then counts.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from ...base.contracts import Labels
from ..displays import Displays
from ..folder.file import FilesFolder
from ..records import Label, Record
from ..values import image_from_bytes, samples_of

MAX_TABLE = 1 << 28
MAX_FILE = 1 << 29


class PngCsv:
    """Records are the PNG files, by number."""

    kind: ClassVar[str] = "folder"

    def __init__(self, folder: FilesFolder, images: list[str], tables: list[str]) -> None:
        self.why = f"the folder holds numbered PNG files ({images[0]}, ...) and CSV files with their labels"
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self._folder = folder
        self._images = images
        self._tables = set(tables)

    @classmethod
    def recognise(cls, folder: FilesFolder) -> PngCsv | None:
        images = sorted((name for name in folder.names if _number(name, ".png") is not None), key=_order)
        tables = [name for name in folder.names if _number(name, ".csv") is not None]
        return cls(folder, images, tables) if images and tables else None

    def __len__(self) -> int:
        return len(self._images)

    def key(self, index: int) -> str:
        return self._images[index]

    def find(self, key: str) -> int | None:
        name = key if key.endswith(".png") else f"{key}.png"
        return self._images.index(name) if name in self._images else None

    def label(self, index: int) -> Label:
        number = int(Path(self._images[index]).stem)
        if number < len(self._table):
            return _label(self._table[number])
        own = f"{number}.csv"
        return _label(self._rows(own)[0]) if own in self._tables and self._rows(own) else None

    def numbers(self) -> Labels | None:
        return None

    def read(self, index: int) -> Record:
        path = self._path(index)
        status = path.stat()
        payload = path.read_bytes()
        pixels, problem, encoding, drawn = None, None, "png", None
        try:
            pixels, _, encoding = image_from_bytes(payload)
            array = samples_of(payload)
            drawn = None if array is None else self._displays.draw(array, self._folder.choice)
        except ValueError as error:
            problem = str(error)
        return Record(
            key=path.name,
            label=self.label(index),
            encoding=encoding,
            payload=payload,
            pixels=pixels if drawn is None else drawn.pixels,
            shape=None if pixels is None else pixels.shape,
            stored_bytes=getattr(status, "st_blocks", 0) * 512 or status.st_size,
            problem=problem,
            notes=() if drawn is None else drawn.notes,
            display=None if drawn is None else drawn.to_json(),
            file=payload,
        )

    @cached_property
    def _displays(self) -> Displays:
        """One range for all images of one channel, as masks and 16 bits need it."""
        return Displays.spread(len(self), lambda index: samples_of(self._path(index).read_bytes()))

    def _path(self, index: int) -> Path:
        """Raises ValueError for a file that is larger than any image."""
        path = self._folder.path / self._images[index]
        if path.stat().st_size > MAX_FILE:
            raise ValueError(f"{path.name} has more than {MAX_FILE >> 20} MiB")
        return path

    @cached_property
    def _table(self) -> list[list[str]]:
        """The rows of the largest `n.csv` that has n rows. One row beside a PNG of its number is that image's own."""
        for name in sorted(self._tables, key=_order, reverse=True):
            number = int(Path(name).stem)
            if number == 0 or (number == 1 and "1.png" in self._images):
                continue
            rows = self._rows(name)
            if len(rows) == number:
                return rows
        return []

    def _rows(self, name: str) -> list[list[str]]:
        path = self._folder.path / name
        if path.stat().st_size > MAX_TABLE:
            raise ValueError(f"{name} has more than {MAX_TABLE >> 20} MiB")
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            return [row for row in csv.reader(file, delimiter=" ", quotechar="|") if row]


def _number(name: str, ending: str) -> int | None:
    stem, dot, suffix = name.rpartition(".")
    return (
        int(stem) if dot + suffix.lower() == ending and stem.isascii() and stem.isdigit() and len(stem) < 19 else None
    )


def _order(name: str) -> int:
    return int(name.rpartition(".")[0])


def _label(row: list[str]) -> Label:
    text = row[0].strip()
    try:
        return int(text)
    except ValueError:
        return text
