"""Samples of a beton: every field as the file describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...base.contracts import Labels
from ..contents.named import LABELS
from ..fields import FieldRecords
from ..shard_tables.records import declared_images
from .file import BetonFile
from .layout import ARRAY, BYTES, FLOAT, IMAGE, INT, JPEG, RAW, TENSOR, BetonField


class BetonRecords(FieldRecords):
    """By number. Images lie there as JPEG files or as bare pixels, each as its own metadata says."""

    kind: ClassVar[str] = "beton"
    file: BetonFile

    @classmethod
    def recognise(cls, file: BetonFile) -> BetonRecords:
        images = [field.name for field in file.header.fields if field.type == IMAGE]
        why = "it begins as a beton of FFCV's version 2"
        return cls(file, why, declared_images(images, "its header names the fields and their types"))

    def __len__(self) -> int:
        return self.file.samples

    def key(self, index: int) -> str:
        if not 0 <= index < len(self):
            raise IndexError(f"there is no sample {index:,}: there are {len(self):,}")
        return str(index)

    def find(self, key: str) -> int | None:
        return int(key) if key.isascii() and key.isdigit() and len(key) < 19 and int(key) < len(self) else None

    def fields(self, index: int) -> Mapping[str, Any]:
        return {field.name: self._value(index, number, field) for number, field in enumerate(self.file.header.fields)}

    def label_fields(self, index: int) -> Mapping[str, Any]:
        short = ((number, field) for number, field in enumerate(self.file.header.fields) if field.type != IMAGE)
        return {field.name: self._value(index, number, field) for number, field in short}

    def numbers(self) -> Labels | None:
        """The first whole-number field that is called like a label, of all samples."""
        named = {
            field.name.lower(): number for number, field in enumerate(self.file.header.fields) if field.type == INT
        }
        called = next((name for name in LABELS if name in named), None)
        return None if called is None else np.array(self.file.column(named[called]), np.int64)

    def _value(self, index: int, number: int, field: BetonField) -> Any:
        """Raises ValueError, which names the field, where its bytes lie elsewhere than they can."""
        told = self.file.column(number)[index]
        try:
            if field.type in (INT, FLOAT):
                return told.item()
            if field.type == IMAGE:
                return self._image(*(int(one) for one in told.item()))
            if field.type in (ARRAY, TENSOR):
                data = self.file.bytes_at(int(told), field.size)
                return np.frombuffer(data, field.dtype).reshape(field.shape)
            place, size = (int(one) for one in told.item())
            data = self.file.bytes_at(place, size)
            return data if field.type == BYTES else _json(data)
        except ValueError as error:
            raise ValueError(f"field {field.name!r}: {error}") from None

    def _image(self, mode: int, width: int, height: int, place: int) -> Any:
        if not width or not height:
            raise ValueError(f"an image of {width} x {height} pixels")
        if mode == RAW:
            return np.frombuffer(self.file.bytes_at(place, 3 * width * height), np.uint8).reshape(height, width, 3)
        if mode == JPEG:
            return self.file.bytes_at(place, self.file.allocated(place))
        raise ValueError(f"an image of the mode {mode}, which FFCV does not have")


def _json(data: bytes) -> Any:
    """JSON with a zero behind it."""
    text = data.partition(b"\0")[0]
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None
