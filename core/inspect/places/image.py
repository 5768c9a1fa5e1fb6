"""The image of a record for a loader: an image file's bytes, or pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.contracts import Buffer
from ..arrays import flat
from ..display import AS_IS, Choice
from ..values import image_encoding
from .any_records import is_drawn_by_range
from .form import PIXELS, ImageForm

if TYPE_CHECKING:
    from ..opened_file import OpenedFile

HEAD = 32

AS_THEY_ARE = Choice(AS_IS)
"""Values of 8 bits are pixels: a mask of 0 and 1 is not stretched, as it is for people."""


def image_of(opened: OpenedFile, index: int) -> tuple[ImageForm, Buffer]:
    """The bytes of an image file; else pixels, RGB, as they are drawn: values of 8 bits as they are, others by the
    range of all of them.

    Raises ValueError (or InputError) where the record has none.
    """
    with opened.drawing(AS_THEY_ARE):
        record = opened.records.read(index)
    if record.problem is not None or record.pixels is None:
        raise ValueError(record.problem or "it is no image")
    encoding = image_encoding(bytes(record.payload[:HEAD]))
    if encoding is not None and not is_drawn_by_range(record, encoding):
        return ImageForm(encoding), record.payload
    if record.display is not None and list(map(float, record.display["range"])) != [0.0, 255.0]:
        record = opened.records.read(index)
    pixels = record.pixels
    if pixels is None:
        raise ValueError(record.problem or "it is no image")
    return ImageForm(PIXELS, *pixels.shape[:2]), flat(pixels)
