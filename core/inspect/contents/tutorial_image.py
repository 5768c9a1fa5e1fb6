"""The field `image` of pickled entries, whatever a tutorial put there: an array, an image file, bare or compressed
pixels, base64, an image of Pillow's. What an entry does not say of it, the file's metadata may."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ... import pickles
from ...base.contracts import Buffer
from .. import arrays
from ..values import bare_array, guessed_dtype, image_encoding, image_from_bytes, inflate, pictures_wanted
from .base64_text import image_behind
from .content import Content
from .image_file import has_one_look
from .named import stated_dtype, stated_shape
from .pil_state import pil_image

_BARE = ("", "none", "raw", "null", "false", "uncompressed")
_NOT_GENERAL = ("png", "jpg", "jpeg", "webp", "bmp", "tiff", "gif")


def image_content(fields: Mapping[str, Any], metadata: Mapping[Any, Any]) -> Content:
    """The image of an entry's fields; where it cannot be read, why."""
    image = fields["image"]
    picture = pil_image(image) if isinstance(image, pickles.PickledObject) else image
    if isinstance(picture, np.ndarray) and not _is_encoded(picture):
        return _of_array(picture, arrays.flat(picture))
    data = picture.tobytes() if isinstance(picture, np.ndarray) else picture
    data = image_behind(data) if isinstance(data, str) else data
    if not isinstance(data, bytes | bytearray):
        kind = type(image).__name__
        return Content("pickled", kind, b"", dtype="", problem=f"the image is kept as a {kind}", is_image=True)
    return _of_bytes(bytes(data), fields, metadata)


def _is_encoded(image: arrays.Array) -> bool:
    """cv2.imencode hands an encoded image over as a vector of bytes."""
    return image.dtype == np.uint8 and image.size == max(image.shape, default=0) and _starts_like_image(image)


def _starts_like_image(image: arrays.Array) -> bool:
    return image_encoding(image.reshape(-1)[:64].tobytes()) is not None


def _of_array(array: arrays.Array, payload: Buffer, encoding: str = "raw") -> Content:
    seen = Content("pickled", encoding, payload, shape=array.shape, dtype=str(array.dtype), is_image=True)
    try:
        image = arrays.channels_last(_squared(array))
        return replace(seen, pixels=arrays.to_rgb(image) if pictures_wanted() else None, array=image)
    except ValueError as error:
        return replace(seen, problem=str(error))


def _squared(image: arrays.Array) -> arrays.Array:
    """A flat vector as the square image that it may be; planes first where it has three, as CIFAR's own rows."""
    shape = arrays.shape_of(image.size) if image.ndim == 1 else None
    if shape is None:
        return image
    height, width, channels = shape
    return image.reshape(channels, height, width).transpose(1, 2, 0)


def _of_bytes(data: bytes, fields: Mapping[str, Any], metadata: Mapping[Any, Any]) -> Content:
    general = _general_compression(data, fields, metadata)
    told = {str(name).lower(): value for name, value in (*metadata.items(), *fields.items()) if value is not None}
    shape, dtype = _shape(fields, metadata), stated_dtype(told)
    behind = f"+{general}" if general else ""
    try:
        plain = inflate(data, general) if general else data
        found = image_encoding(plain)
        if found is not None and not pictures_wanted() and has_one_look(plain, found):
            return Content("pickled", found + behind, data, is_image=True, file=plain)
        if found is not None:
            pixels, shape, encoding = image_from_bytes(plain)
            return Content("pickled", encoding + behind, data, pixels, shape, is_image=True, file=plain)
        guessed = guessed_dtype(plain, math.prod(shape)) if dtype is None and shape else dtype
        content = _of_array(bare_array(plain, shape, guessed or "uint8"), data, f"raw{behind}")
    except ValueError as error:
        encoding = general or image_encoding(data) or "bytes"
        return Content("pickled", encoding, data, None, shape, dtype or "uint8", problem=str(error), is_image=True)
    said = f"nothing says the type of its numbers; they are taken for {guessed}"
    return replace(content, text=said) if dtype is None and guessed not in (None, "uint8") else content


def _general_compression(data: bytes, fields: Mapping[str, Any], metadata: Mapping[Any, Any]) -> str | None:
    """The compression that these bytes went through after they were pixels or an image file."""
    named = str(fields.get("compression", metadata.get("compression")) or "").lower()
    if image_encoding(data) is not None or named in _BARE or named in _NOT_GENERAL:
        return None
    return named


def _shape(fields: Mapping[str, Any], metadata: Mapping[Any, Any]) -> tuple[int, ...] | None:
    """The shape that an entry (or the metadata) states, as (H, W) or (H, W, C)."""
    for named in (fields, metadata):
        stated = named.get("shape") or named.get("image_shape") or named.get("size")
        if isinstance(stated, list | tuple) and all(isinstance(length, int) and length > 0 for length in stated):
            channels = named.get("channels")
            return (*stated, channels) if len(stated) == 2 and isinstance(channels, int) else tuple(stated)
        found = stated_shape({str(name).lower(): value for name, value in named.items()})
        if found is not None:
            return found
    return None
