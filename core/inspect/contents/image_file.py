"""A value that is a whole image file."""

from __future__ import annotations

from ..values import image_encoding, image_from_bytes, pictures_wanted, samples_of, shape_of_later
from .content import Content

_COLOURS = (b"\2", b"\3", b"\6")
"""Types of colour in PNG's header: red, green and blue; a palette; with transparency."""


def read(value: bytes) -> Content | None:
    encoding = image_encoding(value)
    if encoding is None:
        return None
    if (later := shape_of_later(value, encoding)) is not None:
        return Content("image-file", encoding, value, shape=later, is_image=True, file=value)
    if not pictures_wanted() and has_one_look(value, encoding):
        return Content("image-file", encoding, value, is_image=True, file=value)
    try:
        pixels, shape, encoding = image_from_bytes(value)
        array = samples_of(value)
    except ValueError as error:
        return Content("image-file", encoding, value, problem=str(error), is_image=True)
    return Content("image-file", encoding, value, pixels, shape, is_image=True, array=array, file=value)


def has_one_look(value: bytes, encoding: str) -> bool:
    """Whether `samples_of` such a file is nothing: photographs, and PNG with colours of 8 bits or less."""
    return encoding in ("jpeg", "webp") or (encoding == "png" and value[25:26] in _COLOURS and value[24:25] <= b"\x08")
