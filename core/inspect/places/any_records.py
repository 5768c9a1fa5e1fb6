"""Where images lie whose records do not tell: each is read, and its bytes are looked for in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from ...base.contracts import Buffer
from ..records import Record
from ..values import image_encoding
from .encoded import is_wide
from .form import PIXELS, ImageForm, ImagePlace
from .layout import form_of
from .search import BytesSearch


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
        record = self._records.read(index)
        if record.problem is not None or record.pixels is None:
            raise ValueError(record.problem or "it is no image")
        payload = record.payload
        encoding = image_encoding(bytes(payload[:32]))
        if encoding is not None and not is_drawn_by_range(record, encoding):
            return ImagePlace(ImageForm(encoding), self.find(payload), len(payload), record.label)
        height, width, _ = record.pixels.shape
        form = form_of(np.frombuffer(payload, np.uint8), record.pixels, self._forms) if encoding is None else None
        at = -1 if form is None else self.find(payload)
        if form is None or at < 0:
            return ImagePlace(ImageForm(PIXELS, height, width), -1, 0, record.label)
        if form not in self._forms:
            self._forms.append(form)
        return ImagePlace(form, at, len(payload), record.label)


def is_drawn_by_range(record: Record, encoding: str) -> bool:
    """Whether an image file's samples are drawn by the range of all such files, and not as they are."""
    if not is_wide(record.payload[:32], encoding):
        return False
    return record.display is not None and list(map(float, record.display["range"])) != [0.0, 255.0]
