"""LMDB with pickled entries, as tutorials keep images. The pickles are read as plain data; nothing in them runs.

- `PickledDicts`: {'image', 'label', 'compression'}, the image as an array, as an encoded image or as bare pixels, and
  perhaps a pickled `__metadata__` entry.
- `PickledObjects`: objects of a class (CIFAR_Image) with the attributes image (bare pixels), size, channels and label.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from core import pickles
from core.contracts import Buffer, Pixels
from core.errors import InputError
from core.inspect import arrays
from core.inspect.contents import Content, content_of
from core.inspect.contents.pickled import load
from core.inspect.lmdb.file import LmdbView
from core.inspect.lmdb.records import LmdbRecords
from core.inspect.records import Label
from core.inspect.values import image_encoding, image_from_bytes, inflate

METADATA = b"__metadata__"

PROBE, PATIENCE = 8, 3.0
"""Entries looked at to recognise a schema, and seconds that this may take."""


_BARE = ("", "none", "raw", "null", "false", "uncompressed")
_NOT_GENERAL = ("png", "jpg", "jpeg", "webp", "bmp", "tiff", "gif")
_CLASS_LISTS = ("classes", "class_names", "label_names", "labels_names", "categories")


class _Pickled(LmdbRecords):
    """Entries that are pickles, one image each."""

    kinds = ("pickled",)

    def __init__(self, file: LmdbView, why: str) -> None:
        self.metadata, problem = _read_metadata(file)
        super().__init__(file, why)
        self.classes = _class_names(self.metadata) or self.classes
        self.warnings += [problem] if problem is not None else []

    def label(self, index: int) -> Label:
        """Without decoding the image. Raises ValueError or InputError for a pickle that asks for code."""
        if self.labels is not None:
            return super().label(index)
        fields = fields_of(load(self.value(index)))
        return None if fields is None else arrays.label_of(fields.get("label"))

    def content(self, value: bytes) -> Content:
        fields = fields_of(load(value))
        if fields is None:
            return content_of(value)
        payload, pixels, shape, dtype, encoding, problem = image_of(fields, self.metadata)
        label = arrays.label_of(fields.get("label"))
        array = _numbers(fields["image"]) if problem is None and encoding == "raw" else None
        return Content(
            "pickled", encoding, payload, pixels, shape, dtype, label, problem=problem, is_image=True, array=array
        )


def _numbers(image: Any) -> arrays.Array | None:
    """An image that is kept as an array of numbers, (H, W, C)."""
    return arrays.channels_last(_squared(image)) if isinstance(image, np.ndarray) else None


def _read_metadata(file: LmdbView) -> tuple[Mapping[Any, Any], str | None]:
    """The pickled dictionary of an entry `__metadata__`, and what is wrong with it."""
    try:
        value = file.get(METADATA)
        metadata = {} if value is None else load(value)
    except (InputError, ValueError) as error:
        return {}, f"__metadata__ cannot be read: {error}"
    return metadata if isinstance(metadata, dict) else {}, None


class PickledDicts(_Pickled):
    """Entries that are pickled dictionaries with an image."""

    @classmethod
    def recognise(cls, file: LmdbView) -> PickledDicts | None:
        entries = [entry for entry in _plain_entries(file) if isinstance(entry, dict)]
        if not any(_has_image(entry) for entry in entries):
            return None
        names = ", ".join(repr(name) for name in entries[0])
        records = cls(file, f"the values are pickled dictionaries of {names[:200]}")
        records.why += " beside a __metadata__ entry" if records.metadata else ""
        return records


class PickledObjects(_Pickled):
    """Entries that are pickled objects with image, size, channels and label."""

    @classmethod
    def recognise(cls, file: LmdbView) -> PickledObjects | None:
        entries = [entry for entry in _plain_entries(file) if isinstance(entry, pickles.Record)]
        if not any(_has_image(entry.state) for entry in entries):
            return None
        attributes = ", ".join(entries[0].state)
        return cls(file, f"the values are pickled {entries[0].class_name} objects with the attributes {attributes}")


def fields_of(entry: Any) -> Mapping[str, Any] | None:
    """The fields of a dictionary or of an object's state, if one of them is an image."""
    fields = entry.state if isinstance(entry, pickles.Record) else entry
    return {_text(name): value for name, value in fields.items()} if _has_image(fields) else None


def _has_image(fields: Any) -> bool:
    return isinstance(fields, dict) and any(_text(name) == "image" for name in fields)


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _plain_entries(file: LmdbView) -> list[Any]:
    """The first entries that are pickles of plain data. Those that are not are no reason to refuse the others."""
    entries: list[Any] = []
    end = time.monotonic() + PATIENCE
    for key, value in file.sample:
        if time.monotonic() > end:
            break
        try:
            entries += [] if key == METADATA or len(entries) >= PROBE else [load(value)]
        except (InputError, ValueError):
            continue
    return entries


def _class_names(metadata: Mapping[Any, Any]) -> list[str] | None:
    fields = {_text(name): value for name, value in metadata.items()}
    for name in _CLASS_LISTS:
        value = fields.get(name)
        if isinstance(value, list | tuple) and value:
            return [_text(item) for item in value]
    numbers = fields.get("class_to_idx")
    if isinstance(numbers, dict) and all(isinstance(number, int) for number in numbers.values()):
        return [_text(name) for name, _ in sorted(numbers.items(), key=lambda pair: pair[1])]
    return None


_Image = tuple[Buffer, Pixels | None, tuple[int, ...] | None, str, str, str | None]
"""(payload, pixels, shape, dtype, encoding, problem)"""


def image_of(fields: Mapping[str, Any], metadata: Mapping[Any, Any]) -> _Image:
    """What the field 'image' is, whatever a tutorial put there."""
    image = fields["image"]
    if isinstance(image, np.ndarray) and not _is_encoded(image):
        return _image_of_array(image)
    data = image.tobytes() if isinstance(image, np.ndarray) else image
    if not isinstance(data, bytes | bytearray):
        return b"", None, None, "", type(image).__name__, f"the image is kept as a {type(image).__name__}"
    return _image_of_bytes(bytes(data), fields, metadata)


def _is_encoded(image: arrays.Array) -> bool:
    """cv2.imencode hands an encoded image over as a vector of bytes."""
    return image.dtype == np.uint8 and image.size == max(image.shape, default=0) and _starts_like_image(image)


def _starts_like_image(image: arrays.Array) -> bool:
    return image_encoding(image.reshape(-1)[:64].tobytes()) is not None


def _image_of_array(image: arrays.Array) -> _Image:
    payload = arrays.flat(image)
    try:
        return payload, arrays.to_rgb(_squared(image)), image.shape, str(image.dtype), "raw", None
    except ValueError as error:
        return payload, None, image.shape, str(image.dtype), "raw", str(error)


def _squared(image: arrays.Array) -> arrays.Array:
    """A flat vector as the square image that it may be; planes first where it has three, as CIFAR's own rows."""
    shape = arrays.shape_of(image.size) if image.ndim == 1 else None
    if shape is None:
        return image
    height, width, channels = shape
    return image.reshape(channels, height, width).transpose(1, 2, 0)


def _image_of_bytes(data: bytes, fields: Mapping[str, Any], metadata: Mapping[Any, Any]) -> _Image:
    general = _general_compression(data, fields, metadata)
    shape, dtype = _shape(fields, metadata), str(fields.get("dtype") or metadata.get("dtype") or "uint8")
    try:
        plain = inflate(data, general) if general else data
        pixels, shape, encoding = image_from_bytes(plain, shape, dtype)
    except ValueError as error:
        return data, None, shape, dtype, general or image_encoding(data) or "bytes", str(error)
    return data, pixels, shape, dtype, f"{encoding}+{general}" if general else encoding, None


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
    return None
