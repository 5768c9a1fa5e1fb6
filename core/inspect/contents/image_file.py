"""A value that is a whole image file."""

from __future__ import annotations

from ..values import image_encoding, image_from_bytes, samples_of
from .content import Content


def read(value: bytes) -> Content | None:
    encoding = image_encoding(value)
    if encoding is None:
        return None
    try:
        pixels, shape, encoding = image_from_bytes(value)
        array = samples_of(value)
    except ValueError as error:
        return Content("image-file", encoding, value, problem=str(error), is_image=True)
    return Content("image-file", encoding, value, pixels, shape, is_image=True, array=array)
