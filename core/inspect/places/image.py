"""The image of a record for a loader: an image file's bytes, or pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.contracts import Buffer
from ..arrays import flat
from ..display import NO_RANGE, Choice
from .any_records import file_form, plain_pixels, read_plainly
from .form import PIXELS, ImageForm

if TYPE_CHECKING:
    from ..opened_file import OpenedFile

AS_THEY_ARE = Choice(NO_RANGE)
"""Values of 8 bits are pixels: a mask of 0 and 1 is not stretched, as it is for people."""


def image_of(opened: OpenedFile, index: int) -> tuple[ImageForm, Buffer]:
    """The bytes of an image file; else pixels, RGB, as they are drawn: values of 8 bits as they are, others by the
    range of all of them.

    Raises ValueError (or InputError) where the record has none.
    """
    with opened.drawing(AS_THEY_ARE):
        record, file = read_plainly(opened.records, index)
    if file is not None:
        return file_form(file), file
    pixels = plain_pixels(record)
    if pixels is None:
        drawn = opened.records.read(index)
        pixels = drawn.pixels
        if pixels is None or drawn.problem is not None:
            raise ValueError(drawn.problem or "it holds no image")
    return ImageForm(PIXELS, *pixels.shape[:2]), flat(pixels)
