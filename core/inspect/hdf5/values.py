"""One value of an HDF5 file as a record: an image file's bytes, text, or pixels."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import arrays
from ..array_statistics import measured
from ..contents.image_file import has_one_look
from ..display import Drawn
from ..displays import Displays
from ..records import Label, Record
from ..values import image_encoding, image_from_bytes, pictures_wanted, samples_of, shape_of_later, text_of
from .file import Hdf5File
from .pixels import Look

_BASE64 = (b"/9j/", b"iVBORw0KGgo", b"UklGR", b"R0lGOD", b"Qk0")
"""How JPEG, PNG, WebP, GIF and BMP begin in base64."""


def is_bytes(value: Any) -> bool:
    """Whether a value is a piece of bytes: text, opaque, or a row of uint8."""
    if isinstance(value, bytes | str):
        return True
    if isinstance(value, np.void):
        return value.dtype.names is None
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "ui" and value.dtype.itemsize == 1


def bytes_of(value: Any) -> bytes:
    """The bytes of such a value; text that is an image file in base64 as that file."""
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    data = data if isinstance(data, bytes) else data.tobytes()
    if data.startswith(_BASE64):
        try:
            return base64.b64decode(data, validate=False)
        except binascii.Error:
            return data
    return data


class Pictures:
    """How the image files of one run are drawn: those of one channel by a range that they share.

    `read` gives the bytes of one of the `length` files.
    """

    def __init__(self, file: Hdf5File, length: int, read: Callable[[int], bytes]) -> None:
        self._file = file
        self._displays = Displays.spread(length, lambda place: samples_of(read(place)))

    def draw(self, data: bytes) -> Drawn | None:
        """None for a file that has but one way to be drawn: its own pixels. Raises ValueError for a broken one."""
        array = samples_of(data)
        return None if array is None else self._displays.draw(array, self._file.choice)


def record_of_bytes(
    key: str, label: Label, data: bytes, stored_bytes: int | None, pictures: Pictures | None = None
) -> Record:
    """An image file, text, or bytes of an unknown kind, which are never executed."""
    encoding = image_encoding(data)
    if encoding is None:
        text = text_of(data)
        kind = "text" if text is not None else _kind(data)
        return Record(key, label, kind, data, None, (len(data),), "uint8", stored_bytes, None, text)
    if (later := shape_of_later(data, encoding)) is not None:
        return Record(key, label, encoding, data, None, later, "uint8", stored_bytes, file=data)
    if not pictures_wanted() and has_one_look(data, encoding):
        return Record(key, label, encoding, data, None, (len(data),), "uint8", stored_bytes, file=data)
    try:
        pixels, shape, encoding = image_from_bytes(data)
        drawn = None if pictures is None else pictures.draw(data)
    except ValueError as error:
        return Record(key, label, encoding, data, None, (len(data),), "uint8", stored_bytes, str(error))
    if drawn is None:
        return Record(key, label, encoding, data, pixels, shape, "uint8", stored_bytes, file=data)
    return Record(
        key, label, encoding, data, drawn.pixels, shape, "uint8", stored_bytes, notes=drawn.notes,
        display=drawn.to_json(), file=data,
    )  # fmt: skip


def record_of_file(key: str, label: Label, data: bytes, pictures: Pictures) -> Record:
    """What should be an image file; where nothing lies, that is its problem."""
    if not data:
        return Record(key, label, "bytes", b"", None, (0,), "uint8", 0, "it is empty: no byte of an image lies there")
    return record_of_bytes(key, label, data, len(data), pictures)


def _kind(data: bytes) -> str:
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and data.endswith(b"."):
        return "pickle"
    return "bytes"


def record_of_pixels(key: str, label: Label, values: arrays.Array, look: Look, stored_bytes: int | None) -> Record:
    """An array of pixels as it lies in the file."""
    payload = b"" if values.dtype.hasobject else arrays.flat(values)
    shape, dtype = values.shape, str(values.dtype)
    try:
        drawn = look.draw(values)
        return Record(
            key, label, "raw", payload, drawn.pixels, shape, dtype, stored_bytes,
            notes=drawn.notes, display=drawn.to_json(), array=drawn.numbers,
        )  # fmt: skip
    except ValueError as error:
        return Record(key, label, "raw", payload, None, shape, dtype, stored_bytes, str(error))


def record_of_values(
    key: str, label: Label, values: Any, stored_bytes: int | None, encoding: str = "values", total: int | None = None
) -> Record:
    """Anything else, as numbers or text to be read; a vector is handed over to be drawn, with figures of the numbers.

    `total`: how many there are where `values` are only the first.
    """
    array = np.asarray(values)
    numbers = array.dtype.kind in "biuf"
    vector = array.astype(np.float64) if numbers and array.ndim == 1 and 1 < array.size <= 1 << 16 else None
    return Record(
        key=key,
        label=label,
        encoding=encoding,
        payload=b"" if array.dtype.hasobject else arrays.flat(array[..., None])[: 1 << 12],
        shape=array.shape,
        dtype=str(array.dtype),
        stored_bytes=stored_bytes,
        text=readable(array),
        values=vector,
        statistics=measured(array, total) if array.size > 1 else None,
    )


def readable(values: arrays.Array) -> str:
    """The values as text: the first and last of many."""
    if values.size == 1 and values.dtype.kind in "SO":
        only = values.reshape(-1)[0]
        if isinstance(only, bytes | str):
            return (only.decode("utf-8", "replace") if isinstance(only, bytes) else only)[:4000]
    return np.array2string(values, threshold=64, edgeitems=4, max_line_width=100)[:4000]
