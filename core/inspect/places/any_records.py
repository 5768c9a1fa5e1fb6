"""Where images lie whose records do not tell: each is read, and its bytes are looked for in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from ...base.contracts import Buffer, Pixels
from ..records import Record
from ..values import image_encoding, without_pictures
from .form import PIXELS, ImageForm, ImagePlace
from .layout import as_rgb, form_of
from .search import BytesSearch

HEAD = 32
"""Bytes of an image file that say what it is."""


class Readable(Protocol):
    """What is needed of `Records` here."""

    def read(self, index: int) -> Record: ...


class AnyPlaces:
    """See `form.ImagePlaces`. `find`: where some bytes lie, -1 for nowhere."""

    def __init__(self, records: Readable, find: Callable[[Buffer], int]) -> None:
        self._records = records
        self.find = find
        self._forms: list[ImageForm] = []

    @classmethod
    def in_file(cls, records: Readable, path: Path) -> AnyPlaces:
        return cls(records, BytesSearch(path).find)

    def place(self, index: int) -> ImagePlace:
        record, file = read_plainly(self._records, index)
        if file is not None:
            return ImagePlace(file_form(file), self.find(file), len(file), record.label)
        pixels = plain_pixels(record)
        payload = np.frombuffer(record.payload, np.uint8)
        form = None if pixels is None or record.file is not None else form_of(payload, pixels, self._forms)
        at = -1 if form is None else self.find(record.payload)
        if form is None or at < 0:
            return ImagePlace(ImageForm(PIXELS, *size_of(record)), -1, 0, record.label)
        if form not in self._forms:
            self._forms.append(form)
        return ImagePlace(form, at, len(payload), record.label)


def read_plainly(records: Readable, index: int) -> tuple[Record, bytes | None]:
    """A record, and the bytes of the image file that it is; None where it is to be drawn, its pixels or an image file
    of more than 8 bits, which goes by the range of all of them.

    Raises ValueError (or InputError) where it holds no image.
    """
    with without_pictures():
        record = records.read(index)
    if record.problem is not None:
        raise ValueError(record.problem)
    wide = record.array is not None and record.array.dtype.itemsize > 1
    file = bytes(record.file) if record.file is not None and not wide else None
    return record, file


def plain_pixels(record: Record) -> Pixels | None:
    """The picture of a record whose values have 8 bits, or that is but its pixels; None for any other."""
    if record.array is not None and record.array.size:
        return as_rgb(record.array)
    return record.pixels if record.pixels is not None and record.pixels.size else None


def size_of(record: Record) -> tuple[int, int]:
    """(height, width) of its picture. Raises ValueError where there is none."""
    values = record.array if record.array is not None and record.array.size else record.pixels
    if values is None or not values.size:
        raise ValueError("it holds no image")
    return values.shape[0], values.shape[1]


def file_form(file: bytes) -> ImageForm:
    """Raises ValueError for what is no image file that is known."""
    encoding = image_encoding(file[:HEAD])
    if encoding is None:
        raise ValueError("it holds no image")
    return ImageForm(encoding)
