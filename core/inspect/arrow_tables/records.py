"""Rows of a table as records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from ...base.contracts import Labels
from ..contents.named import LABELS, SHAPES
from ..fields import FieldRecords
from ..records import Finding
from ..values import image_encoding
from .features import declared, features_of, lost_features
from .pixel_tables import PixelColumns, from_text, image_of, is_number, pixel_columns
from .rows import TableRows

ENDINGS = {
    ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".gif": "gif", ".bmp": "bmp", ".webp": "webp", ".tif": "tiff",
    ".tiff": "tiff",
}  # fmt: skip
MOST_LENGTH = 1 << 28
MOST_COLUMNS = 512
"""Columns of a table that are read; of wider ones numbers without a name are left out."""


class TableFile(Protocol):
    """What a file of a table has beside what every file has."""

    choice: Any

    @property
    def kind(self) -> str: ...

    @property
    def rows(self) -> TableRows: ...

    def structure(self) -> Mapping[str, Any]: ...

    def warnings(self) -> list[str]: ...

    def images_findings(self, images: Sequence[str]) -> Iterator[Finding]:
        """What is wrong with the way in which these columns of images are kept."""
        ...


class ImageRows(FieldRecords):
    """Rows with images in some of their columns, or with none. A column of bytes and path counts as its bytes."""

    def __init__(self, file: TableFile, why: str) -> None:
        self._rows = file.rows
        self._features = features_of(self._rows.schema)
        self._last: tuple[int, Mapping[str, Any]] = -1, {}
        self._left_out = _left_out(self._rows.schema, self._pixels_of(), self._features.labels)
        super().__init__(file, why, declared(self._rows.schema, self._features))
        self.findings = list(lost_features(self._rows.schema, self._features))
        more = len(self._left_out) - len(self._pixels_of())
        if more:
            self.warnings.append(f"{more:,} columns of numbers are not shown")
        columns = dict.fromkeys(name.partition("[")[0] for name in self.image_names)
        self.findings += file.images_findings([name for name in columns if name in self._rows.schema.names])

    @classmethod
    def recognise(cls, file: TableFile) -> ImageRows | None:
        return cls(file, f"each row of its {len(file.rows.schema)} columns is a record")

    def __len__(self) -> int:
        return len(self._rows)

    def key(self, index: int) -> str:
        return str(index)

    def find(self, key: str) -> int | None:
        return int(key) if key.isdecimal() and len(key) < 19 and int(key) < len(self) else None

    def fields(self, index: int) -> Mapping[str, Any]:
        self._last = index, self._rows.row(index, self._left_out)
        return dict(self._plain(self._last[1]))

    def label_fields(self, index: int) -> Mapping[str, Any]:
        """Without the columns of images."""
        images = {name.partition("[")[0] for name in self.image_names}
        return dict(self._plain(self._rows.row(index, self._left_out | images)))

    def numbers(self) -> Labels | None:
        """The declared column of labels, where it is one of whole numbers."""
        return None if self.declared.label is None else self._rows.numbers(self.declared.label)

    def stored_bytes(self, index: int) -> int | None:
        return self._rows.stored_bytes(index)

    def record_findings(self, index: int) -> Sequence[Finding]:
        """An image that lies elsewhere, one of another kind than its name says, a label that has no name."""
        row = self._last[1] if self._last[0] == index else self._rows.row(index, self._left_out)
        found = [one for name, value in row.items() for one in _of_pair(str(index), name, value)]
        label, classes = row.get(self.declared.label or ""), self.declared.classes
        if classes and type(label) is int and not -1 <= label < len(classes):
            meaning = f"the label {label} is none of the {len(classes):,} classes that the features name"
            remedy = "compare the features' names with whatever made the labels; labels count from 0"
            found.append(Finding("label-outside", 1, str(index), meaning, remedy))
        return found

    def _pixels_of(self) -> frozenset[str]:
        """Columns that are one image together."""
        return frozenset()

    def _plain(self, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """The columns of a row as fields."""
        for name, value in row.items():
            yield from _fields(name, value)
            shape = self._features.shape
            if shape is not None and name == "image" and isinstance(value, bytes):
                pixels = np.frombuffer(value, np.uint8)
                if all(0 < length < MOST_LENGTH for length in shape) and len(pixels) == shape[0] * shape[1] * shape[2]:
                    yield name, pixels.reshape(shape)


class PixelRows(ImageRows):
    """Rows of one column for each pixel, beside others."""

    def __init__(self, file: TableFile, columns: PixelColumns) -> None:
        self._pixels = columns
        height, width, channels = columns.shape
        count = f"{height} x {width}" + (f" x {channels}" if channels > 1 else "")
        super().__init__(
            file,
            f"the columns {columns.called} hold one pixel each, taken for an image of {count}; nothing says so",
        )

    @classmethod
    def recognise(cls, file: TableFile) -> PixelRows | None:
        columns = pixel_columns(file.rows.schema)
        return None if columns is None else cls(file, columns)

    def fields(self, index: int) -> Mapping[str, Any]:
        values = self._rows.matrix(index, self._pixels.names)
        image = image_of(values, self._pixels.shape)
        return {"image": image, **self.label_fields(index)}

    def label_fields(self, index: int) -> Mapping[str, Any]:
        return dict(self._plain(self._rows.row(index, self._left_out)))

    def record_findings(self, index: int) -> Sequence[Finding]:
        return ()

    def _pixels_of(self) -> frozenset[str]:
        return frozenset(self._pixels.names)


def _left_out(schema: pa.Schema, pixels: frozenset[str], labels: Sequence[str]) -> frozenset[str]:
    """The columns that are not read as such: pixels, and of very many the numbers that no name promises to be more."""
    others = [column for column in schema if column.name not in pixels]
    if len(others) <= MOST_COLUMNS:
        return pixels
    known = {*LABELS, *SHAPES, *labels}
    first = [column.name for column in others if column.name.lower() in known or not is_number(column.type)]
    chosen = frozenset(first[:MOST_COLUMNS])
    room = MOST_COLUMNS - len(chosen)
    chosen |= {column.name for column in [one for one in others if one.name not in chosen][:room]}
    return pixels | frozenset(column.name for column in others if column.name not in chosen)


def _fields(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A column as fields: pairs of bytes and path taken apart, as deep as they lie; texts of pixels as images."""
    if _is_pair(value):
        yield name, value["bytes"]
        if value["path"] is not None:
            yield f"{name}.path", value["path"]
    elif isinstance(value, dict) and any(_is_pair(one) or _is_pairs(one) for one in value.values()):
        for inner, one in value.items():
            yield from _fields(f"{name}.{inner}", one)
    elif _is_pairs(value):
        yield name, [one["bytes"] for one in value if one is not None]
    else:
        image = from_text(value)
        yield name, value if image is None else image


def _is_pair(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"bytes", "path"}


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(one is None or _is_pair(one) for one in value)


def _of_pair(key: str, name: str, value: Any) -> Iterator[Finding]:
    """What is wrong with a pair of bytes and path."""
    if not _is_pair(value):
        return
    data, path = value["bytes"], value["path"]
    if data is None and path is not None:
        meaning = f"the column {name!r} has a path and no bytes: the image lies elsewhere ({str(path)[:100]})"
        remedy = "write the table again with its images embedded (datasets: embed_external_files), or fetch them"
        yield Finding("image-elsewhere", 1, key, meaning, remedy)
    elif isinstance(data, bytes) and isinstance(path, str):
        said = ENDINGS.get(PurePosixPath(path).suffix.lower())
        real = image_encoding(data[:64])
        if said is not None and real is not None and said != real:
            meaning = f"the path says {said} ({path[:100]}), and the bytes are {real}"
            remedy = "decode by the bytes; name the files for what they are"
            yield Finding("codec-mismatch", 1, key, meaning, remedy)
