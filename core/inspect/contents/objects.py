"""Plain data that holds an image: a dict of fields, a pair of image and label, an array, an object's attributes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ... import pickles
from ...base.contracts import Buffer
from ...base.strict_json import dumps
from .. import arrays
from ..records import Label
from ..values import bare_array, guessed_dtype, image_encoding, text_of
from .base64_text import image_behind
from .compressed import inflated, lz4_block
from .content import Content, of_array
from .named import (
    IMAGES,
    LABELS,
    as_dtype,
    as_label,
    as_shape,
    is_long,
    label_among,
    several_labels,
    stated_dtype,
    stated_shape,
)
from .pil_state import pil_image
from .stacked import stacked

_LONGEST_TEXT = 4096
_SURELY = frozenset(IMAGES[: IMAGES.index("rgb") + 1])
"""Names of fields that say that there is an image."""


def of_object(kind: str, thing: Any, payload: Buffer, depth: int = 0) -> Content:
    """What plain data holds: its image and label where there are, else the data as text, with its label."""
    content = _image_of(kind, thing, payload, depth)
    if content is not None:
        return content
    label = label_among(_lowered(thing), "") if isinstance(thing, Mapping) else _text_among(thing)
    return Content(kind, kind, payload, text=as_text(thing), label=label)


def image_in(value: Any, fields: Mapping[str, Any], name: str) -> Content | None:
    """The image in one field of a record, where it holds one; `fields` are all of them, by names in small letters,
    among which may stand its shape and the type of its numbers. The content may be something else, or broken."""
    if isinstance(value, np.ndarray) and not (value.dtype == np.uint8 and value.ndim == 1):
        return None if value.ndim == 0 else _of_part(name, value, arrays.flat(value), fields, 1, name)
    payload = bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""
    return _of_part("field", value, payload, fields, 0, name)


def _text_among(thing: Any) -> Label:
    """The text of a pair of numbers and text, as those are kept that go with an image elsewhere."""
    if not isinstance(thing, list | tuple) or not 1 < len(thing) <= 8:
        return None
    words = [item for item in thing if isinstance(item, str)]
    numbers = [item for item in thing if isinstance(item, int | np.integer)]
    return words[0] if len(words) == 1 and len(numbers) == len(thing) - 1 else None


def _image_of(kind: str, thing: Any, payload: Buffer, depth: int) -> Content | None:
    if isinstance(thing, pickles.PickledObject):
        picture = pil_image(thing)
        if picture is not None:
            return of_array(kind, picture, payload, encoding="pil")
        return _of_fields(kind, _lowered(thing.state), payload, depth)
    if isinstance(thing, Mapping):
        return _of_fields(kind, _lowered(thing), payload, depth)
    if isinstance(thing, list | tuple):
        return _of_items(kind, thing, payload, depth)
    return _of_part(kind, thing, payload, {}, depth)


def _lowered(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {_name(name).lower(): value for name, value in fields.items()}


def _of_fields(kind: str, fields: Mapping[str, Any], payload: Buffer, depth: int) -> Content | None:
    bands = _of_bands(kind, fields, payload)
    if bands is not None:
        return bands
    ordered = [name for name in IMAGES if name in fields] + [name for name in fields if name not in IMAGES]
    for name in ordered:
        if name not in LABELS or name in IMAGES:
            content = _of_part(kind, fields[name], payload, fields, depth, name)
            if content is not None and content.is_image:
                return _labelled(kind, content, fields, name)
    return _vector_among(kind, ordered, fields, payload, depth)


def _labelled(kind: str, content: Content, fields: Mapping[str, Any], name: str) -> Content:
    """The content with the label of its neighbours, and what they say of several."""
    label = label_among(fields, name)
    several = several_labels(fields, name) if label is None else None
    text = "; ".join(filter(None, (content.text, several))) or None
    beside = {other: value for other, value in fields.items() if other != name}
    return replace(content.inside(kind, label=label, prefix=""), text=text, fields=content.fields or beside)


def _of_bands(kind: str, fields: Mapping[str, Any], payload: Buffer) -> Content | None:
    """Arrays that are the bands of one image."""
    found = stacked(fields)
    if found is None:
        return None
    content = replace(of_array(kind, found.array, payload, certain=True), bands=found.names)
    told = f"its bands are {', '.join(found.called)}"
    told += f"; of another size: {', '.join(found.left)}" if found.left else ""
    labelled = _labelled(kind, replace(content, text=told), fields, "")
    return replace(labelled, fields={name: value for name, value in fields.items() if name not in found.called})


def _vector_among(
    kind: str, names: Iterable[str], fields: Mapping[str, Any], payload: Buffer, depth: int
) -> Content | None:
    for name in names:
        if isinstance(fields[name], np.ndarray):
            content = _of_part(kind, fields[name], payload, {}, depth)
            if content is not None and content.values is not None:
                return content.inside(kind, label=label_among(fields, name), prefix="")
    return None


def _of_items(kind: str, items: list[Any] | tuple[Any, ...], payload: Buffer, depth: int) -> Content | None:
    """A datapoint: the first item that is an image, and the label among the short ones beside it."""
    if len(items) > 64 or depth > 2:
        return None
    facts = _facts_among(items)
    for place, item in enumerate(items):
        content = (
            _of_part(kind, item, payload, {**facts, "": item}, depth)
            if not isinstance(item, Mapping)
            else _image_of(kind, item, payload, depth + 1)
        )
        if content is not None and content.is_image:
            others = [other for number, other in enumerate(items) if number != place and not is_long(other)]
            label = content.label if content.label is not None else _label_of_items(others, facts)
            return content.inside(kind, label=label, prefix="")
    return None


def _facts_among(items: list[Any] | tuple[Any, ...]) -> dict[str, Any]:
    """Shape and type of bare pixels, where two items of a datapoint are these and fit a third one."""
    sizes = {len(item) for item in items if isinstance(item, bytes | bytearray)}
    dtype = next((found for item in items if (found := as_dtype(item)) is not None), None)
    widths = (np.dtype(dtype).itemsize,) if dtype else (1, 2, 4, 8)
    for item in items:
        shape = as_shape(item) if isinstance(item, list | tuple) else None
        if shape is not None and any(math.prod(shape) * width in sizes for width in widths):
            return {"shape": shape, "shape_item": item, **({"dtype": dtype} if dtype else {})}
    return {}


def _label_of_items(others: list[Any], facts: Mapping[str, Any]) -> Label:
    """Of one item beside the image, that; of several the only whole number, else the first text."""
    left = [item for item in others if item is not facts.get("shape_item")]
    left = [item for item in left if not ("dtype" in facts and as_dtype(item) is not None)]
    if len(left) == 1:
        return as_label(left[0])
    whole = [item for item in left if isinstance(item, int | np.integer) and not isinstance(item, bool)]
    if len(whole) == 1:
        return as_label(whole[0])
    return None if whole else next((as_label(item) for item in left if isinstance(item, str | bytes)), None)


def _of_part(
    kind: str, part: Any, payload: Buffer, fields: Mapping[str, Any], depth: int, name: str = ""
) -> Content | None:
    """One part of the data, if it is an image (or the whole, if it is an array)."""
    if isinstance(part, np.ndarray):
        return _of_array(kind, part, payload, fields, depth, name)
    if isinstance(part, str) and len(part) > 64:
        part = image_behind(part)
    if isinstance(part, bytes | bytearray | memoryview):
        return _of_bytes(kind, bytes(part), fields, depth, name)
    if isinstance(part, Mapping | pickles.PickledObject) and depth < 3:
        return _image_of(kind, part, payload, depth + 1)
    if isinstance(part, list) and depth == 0 and len(part) > 3:
        return _of_nested(kind, part, payload)
    return None


def _of_array(
    kind: str, array: np.ndarray[Any, Any], payload: Buffer, fields: Mapping[str, Any], depth: int, name: str
) -> Content | None:
    if array.dtype == np.uint8 and array.size == max(array.shape, default=0):
        data = array.tobytes()
        if image_encoding(data[:64]) is not None or stated_shape(fields, name) is not None:
            return _of_bytes(kind, data, fields, depth, name)
    if array.ndim == 0:
        return None
    return of_array(kind, array, arrays.flat(array), certain=name in _SURELY)


def _of_bytes(kind: str, data: bytes, fields: Mapping[str, Any], depth: int, name: str) -> Content | None:
    from . import content_of

    shape = stated_shape(fields, name)
    if shape is not None and image_encoding(data) is None:
        content = bare_content(kind, data, shape, stated_dtype(fields, name), name in _SURELY)
        if content.problem is None or depth >= 3:
            return content
        behind = behind_compression(data)
        if behind is None:
            return content
        plain, compression = behind
        found = bare_content(kind, plain, shape, stated_dtype(fields, name), name in _SURELY)
        return replace(found, payload=data, encoding=f"{found.encoding}+{compression}")
    if len(data) < 16:
        return None
    content = content_of(data, depth + 1)
    return content if content.is_image and content.kind != "pixels" else _pixels(data, fields)


def behind_compression(data: bytes) -> tuple[bytes, str] | None:
    """(data, name of the compression) behind bytes that are compressed, and nothing else."""
    try:
        found = inflated(data)
    except ValueError:
        return None
    block = lz4_block(data) if found is None else None
    return found if block is None else (block, "lz4")


def bare_content(kind: str, data: bytes, shape: tuple[int, ...], dtype: str | None, certain: bool = False) -> Content:
    """Bare pixels of a shape that is stated; where their type is not, the likeliest one."""
    guessed = guessed_dtype(data, math.prod(shape)) if dtype is None else dtype
    try:
        content = of_array(kind, bare_array(data, shape, guessed or "uint8"), data, certain=certain)
    except ValueError as error:
        return Content(kind, "raw", data, shape=shape, problem=str(error), is_image=True)
    told = f"nothing says the type of its numbers; they are taken for {np.dtype(guessed)}"
    return replace(content, text=told) if dtype is None and guessed not in (None, "uint8") else content


def _pixels(data: bytes, fields: Mapping[str, Any]) -> Content | None:
    """Bare pixels beside a label, where nothing says their shape: a square."""
    from . import content_as

    return content_as("pixels", data) if fields and text_of(data) is None else None


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


def _name(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def as_text(thing: Any) -> str:
    """Plain data to be read, in JSON's way of writing."""
    return dumps(_plain(thing))[:_LONGEST_TEXT]


def _plain(thing: Any, depth: int = 0) -> Any:
    if depth > 6:
        return "..."
    if isinstance(thing, pickles.PickledObject):
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
