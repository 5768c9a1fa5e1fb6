"""Plain data that holds an image: a dict of fields, a pair of image and label, an array, an object's attributes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from core import pickles
from core.contracts import Buffer
from core.inspect import arrays
from core.inspect.contents.content import Content, of_array
from core.inspect.records import Label
from core.inspect.values import bare_array, image_encoding, text_of
from core.strict_json import dumps

IMAGES = (
    "image", "img", "images", "imgs", "image_bytes", "img_bytes", "image/encoded", "encoded", "jpeg", "jpg", "png",
    "webp", "picture", "photo", "frame", "pixels", "rgb", "x", "data", "input", "inputs", "features", "value", "buffer",
    "bytes", "content", "raw", "array", "arr_0", "0",
)  # fmt: skip
LABELS = (
    "label", "labels", "y", "target", "targets", "class", "class_id", "class_idx", "cls", "category", "category_id",
    "label_id", "image/class/label", "class_label", "fine_label", "coarse_label", "gt", "annotation", "ans", "answer",
    "class_name", "label_name", "text", "caption", "transcript", "word", "image/class/text", "identity", "id",
    "arr_1", "1",
)  # fmt: skip
SHAPES = ("shape", "image_shape", "img_shape", "size", "image_size")
_LONGEST_TEXT = 4096


def of_object(kind: str, thing: Any, payload: Buffer, depth: int = 0) -> Content:
    """What plain data holds: its image and label where there are, else the data as text."""
    content = _image_of(kind, thing, payload, depth)
    return content if content is not None else Content(kind, kind, payload, text=as_text(thing), label=None)


def _image_of(kind: str, thing: Any, payload: Buffer, depth: int) -> Content | None:
    if isinstance(thing, pickles.Record):
        return _of_fields(kind, thing.state, payload, depth)
    if isinstance(thing, Mapping):
        return _of_fields(kind, {_name(name): value for name, value in thing.items()}, payload, depth)
    if isinstance(thing, list | tuple):
        return _of_items(kind, thing, payload, depth)
    return _of_part(kind, thing, payload, {}, depth)


def _of_fields(kind: str, fields: Mapping[str, Any], payload: Buffer, depth: int) -> Content | None:
    lowered = {name.lower(): value for name, value in fields.items()}
    ordered = [name for name in IMAGES if name in lowered] + [name for name in lowered if name not in IMAGES]
    for name in ordered:
        if name not in LABELS or name in IMAGES:
            content = _of_part(kind, lowered[name], payload, lowered, depth)
            if content is not None and content.is_image:
                return content.inside(kind, label=label_among(lowered, name), prefix="")
    return _vector_among(kind, ordered, lowered, payload, depth)


def _vector_among(
    kind: str, names: Iterable[str], fields: Mapping[str, Any], payload: Buffer, depth: int
) -> Content | None:
    for name in names:
        if isinstance(fields[name], np.ndarray):
            content = _of_part(kind, fields[name], payload, {}, depth)
            if content is not None and content.values is not None:
                return content.inside(kind, label=label_among(fields, name), prefix="")
    return None


def label_among(fields: Mapping[str, Any], image: str) -> Label:
    """The label among named fields, by its name."""
    for name in LABELS:
        if name != image and name in fields and not _is_long(fields[name]):
            return arrays.label_of(fields[name])
    return None


def _of_items(kind: str, items: list[Any] | tuple[Any, ...], payload: Buffer, depth: int) -> Content | None:
    """A datapoint: the first item that is an image, and the first short one that is none as its label."""
    if len(items) > 64 or depth > 2:
        return None
    for place, item in enumerate(items):
        content = (
            _of_part(kind, item, payload, {}, depth)
            if not isinstance(item, Mapping)
            else _image_of(kind, item, payload, depth + 1)
        )
        if content is not None and content.is_image:
            others = [other for number, other in enumerate(items) if number != place and not _is_long(other)]
            label = content.label if content.label is not None else arrays.label_of(others[0]) if others else None
            return content.inside(kind, label=label, prefix="")
    return None


def _of_part(kind: str, part: Any, payload: Buffer, fields: Mapping[str, Any], depth: int) -> Content | None:
    """One part of the data, if it is an image (or the whole, if it is an array)."""
    if isinstance(part, np.ndarray):
        return _of_array(kind, part, payload, fields, depth)
    if isinstance(part, str) and len(part) > 64:
        part = _from_base64(part)
    if isinstance(part, bytes | bytearray | memoryview):
        return _of_bytes(kind, bytes(part), fields, depth)
    if isinstance(part, Mapping | pickles.Record) and depth < 3:
        return _image_of(kind, part, payload, depth + 1)
    if isinstance(part, list) and depth == 0 and len(part) > 3:
        return _of_nested(kind, part, payload)
    return None


def _of_array(
    kind: str, array: np.ndarray[Any, Any], payload: Buffer, fields: Mapping[str, Any], depth: int
) -> Content | None:
    if array.dtype == np.uint8 and array.size == max(array.shape, default=0):
        data = array.tobytes()
        if image_encoding(data[:64]) is not None or stated_shape(fields) is not None:
            return _of_bytes(kind, data, fields, depth)
    if array.ndim == 0:
        return None
    return of_array(kind, array, arrays.flat(array))


def _of_bytes(kind: str, data: bytes, fields: Mapping[str, Any], depth: int) -> Content | None:
    from core.inspect.contents import content_of

    shape = stated_shape(fields)
    if shape is not None and image_encoding(data) is None:
        try:
            return of_array(kind, bare_array(data, shape, str(fields.get("dtype", "uint8"))), data)
        except ValueError as error:
            return Content(kind, "raw", data, shape=shape, problem=str(error), is_image=True)
    if len(data) < 16:
        return None
    content = content_of(data, depth + 1)
    return content if content.is_image and content.kind != "pixels" else _pixels(data, fields)


def _pixels(data: bytes, fields: Mapping[str, Any]) -> Content | None:
    """Bare pixels beside a label, where nothing says their shape: a square."""
    from core.inspect.contents import content_as

    return content_as("pixels", data) if fields and text_of(data) is None else None


def stated_shape(fields: Mapping[str, Any]) -> tuple[int, ...] | None:
    """The shape that the fields state, as (H, W), (H, W, C), or by height, width and channels."""
    for name in SHAPES:
        stated = fields.get(name)
        stated = stated.tolist() if isinstance(stated, np.ndarray) else stated
        if isinstance(stated, list | tuple) and 2 <= len(stated) <= 3 and all(type(n) is int and n > 0 for n in stated):
            channels = fields.get("channels")
            if name.endswith("size") and len(stated) == 2 and type(channels) is not int:
                continue  # may be (width, height) of an image file
            return (*stated, channels) if len(stated) == 2 and type(channels) is int else tuple(stated)
    height, width = (_whole(fields.get(name), fields.get(short)) for name, short in (("height", "h"), ("width", "w")))
    if height and width:
        return (height, width, _whole(fields.get("channels"), fields.get("depth"), fields.get("c")) or 3)
    return None


def _whole(*values: Any) -> int | None:
    for value in values:
        number = arrays.label_of(value) if isinstance(value, int | np.generic | np.ndarray | list) else None
        if isinstance(number, int) and 0 < number < 1 << 24:
            return number
    return None


def _of_nested(kind: str, part: list[Any], payload: Buffer) -> Content | None:
    """Pixels as lists of lists of numbers, as JSON has them."""
    try:
        array = np.array(part)
    except ValueError:
        return None
    if array.dtype.kind not in "iuf":
        return None
    if array.dtype.kind in "iu" and array.size and array.min() >= 0 and array.max() <= 255:
        array = array.astype(np.uint8)
    return of_array(kind, array, payload)


def _from_base64(text: str) -> bytes | None:
    """The bytes behind base64 (or a data: address), where they are an image file."""
    body = text.partition(";base64,")[2] if text.startswith("data:") else text
    try:
        head = base64.b64decode(body[:64], validate=True)
        return base64.b64decode(body, validate=True) if image_encoding(head) is not None else None
    except (binascii.Error, ValueError):
        return None


def _is_long(value: Any) -> bool:
    """Whether a field is too long for a label."""
    size = value.size if isinstance(value, np.ndarray) else len(value) if hasattr(value, "__len__") else 1
    return int(size) > (
        _LONGEST_TEXT if isinstance(value, str) else 1000 if isinstance(value, np.ndarray | list) else 256
    )


def _name(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def as_text(thing: Any) -> str:
    """Plain data to be read, in JSON's way of writing."""
    return dumps(_plain(thing))[:_LONGEST_TEXT]


def _plain(thing: Any, depth: int = 0) -> Any:
    if depth > 6:
        return "..."
    if isinstance(thing, pickles.Record):
        return {"class": thing.class_name, **_plain(thing.state, depth + 1)}
    if isinstance(thing, Mapping):
        return {_name(name): _plain(value, depth + 1) for name, value in list(thing.items())[:200]}
    if isinstance(thing, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in list(thing)[:200]]
    if isinstance(thing, np.ndarray):
        return f"{thing.dtype} array of shape {thing.shape}"
    if isinstance(thing, bytes | bytearray):
        text = text_of(bytes(thing[:200]))
        return text if text is not None else f"{len(thing):,} bytes"
    return thing.item() if isinstance(thing, np.generic) else thing[:2000] if isinstance(thing, str) else thing
