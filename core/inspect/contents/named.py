"""What named fields tell: which is the image, which its label, its shape and the type of its numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import arrays
from ..records import Label
from ..values import dtype_called, text_of

IMAGES = (
    "image", "img", "images", "imgs", "image_bytes", "img_bytes", "image/encoded", "encoded", "imagedata", "image_data",
    "image_raw", "img_raw",
    "jpeg", "jpg", "png", "webp", "picture", "photo", "frame", "pixels", "rgb", "x", "data", "input", "inputs",
    "features", "value", "buffer", "bytes", "content", "raw", "array", "arr_0", "0",
)  # fmt: skip
LABELS = (
    "label", "labels", "y", "target", "targets", "class", "class_id", "class_idx", "cls", "category", "category_id",
    "label_id", "image/class/label", "class_label", "fine_label", "coarse_label", "gt", "annotation", "ans", "answer",
    "class_name", "label_name", "text", "caption", "transcript", "word", "image/class/text", "identity",
    "arr_1", "1",
)  # fmt: skip
SHAPES = ("shape", "image_shape", "img_shape", "size", "image_size", "dims", "imsize")
DTYPES = ("dtype", "image_dtype", "img_dtype", "data_type", "datatype")
OBJECTS = ("shapes", "annotations", "anns", "objects", "object", "instances", "boxes", "regions")
"""What the things in an image are called, each with a label of its own (labelme, COCO, VOC)."""

_OF_AN_OBJECT = ("label", "class", "category", "name", "class_name", "category_name", "category_id", "class_id", "cls")
_LONGEST_TEXT = 4096
_MOST_NUMBERS = 32
"""Numbers side by side that are a label as they stand (the digits of a word); more are a vector."""


BOXES = frozenset(("boxes", "bboxes", "bbox", "masks", "keypoints", "polygons", "segmentation", "iscrowd"))
"""Beside these, labels are those of the things in an image, and not its own."""


def label_among(fields: Mapping[str, Any], image: str) -> Label:
    """The label among named fields, by its name; or the one label that all things in the image have."""
    of_things = not BOXES.isdisjoint(fields)
    for name in LABELS:
        if name != image and name in fields and not is_long(fields[name]):
            label = _one_of(fields[name]) if of_things else as_label(fields[name])
            if label is not None:
                return label
    found = {_of_an_object(thing) for name in OBJECTS for thing in _things(fields.get(name))} - {None}
    return next(iter(found)) if len(found) == 1 else None


def _one_of(value: Any) -> Label:
    """The label that all of several things have."""
    values = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(values, list | tuple):
        return as_label(value)
    found = {as_label(item) for item in values[:1000]}
    return next(iter(found)) if len(found) == 1 else None


def several_labels(fields: Mapping[str, Any], image: str) -> str | None:
    """The sentence that tells several labels of one image, which are no label."""
    for name in LABELS:
        words = fields.get(name) if name != image else None
        if isinstance(words, list | tuple | set | frozenset) and len(words) > 1 and all(map(_is_word, words)):
            return f"it has {len(words)} {name}: " + ", ".join(map(_word, list(words)[:20]))
    told = [str(_of_an_object(thing)) for name in OBJECTS for thing in _things(fields.get(name))]
    return f"{len(told)} things are marked in it: " + ", ".join(told[:20]) if len(set(told)) > 1 else None


def as_label(value: Any) -> Label:
    """The label that a field holds, however it is packed; None where it holds several words, or none."""
    from .unpacked import thing_of

    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        if text_of(data) is not None and data[:1] not in b"{[":
            return data.decode("utf-8").rstrip("\x00")
        thing = thing_of(data)
        if thing is None:
            text = text_of(data.rstrip(b"\x00"))
            return text or (int.from_bytes(data, "little", signed=True) if len(data) in (1, 2, 4, 8) else None)
        return None if isinstance(thing, bytes | bytearray) else as_label(thing)
    if isinstance(value, Mapping):
        return label_among({str(name).lower(): field for name, field in value.items()}, "")
    if isinstance(value, list | tuple | set | frozenset):
        return _of_list(list(value))
    label = arrays.label_of(value)
    is_table = isinstance(value, np.ndarray) and (value.ndim > 1 or value.size > _MOST_NUMBERS) and value.size > 1
    return None if is_table and not isinstance(label, int) else label


def _of_list(value: list[Any]) -> Label:
    """Of several the only whole number beside measurements, or the only text beside numbers; numbers of one kind as
    they are written."""
    if len(value) == 1:
        return as_label(value[0])
    whole = [item for item in value if isinstance(item, int | np.integer) and not isinstance(item, bool)]
    others = [item for item in value if isinstance(item, float | np.floating)]
    words = [item for item in value if isinstance(item, str)]
    if len(words) == 1 and len(whole) + len(others) == len(value) - 1:
        return words[0]
    if len(whole) == 1 and len(others) == len(value) - 1:
        return int(whole[0])
    return arrays.label_of(value) if value and len(whole) + len(others) == len(value) else None


def _of_an_object(thing: Mapping[Any, Any]) -> Label:
    named = {_word(name).lower(): value for name, value in thing.items()}
    return next((arrays.label_of(named[name]) for name in _OF_AN_OBJECT if _is_word(named.get(name))), None)


def _things(value: Any) -> list[Mapping[Any, Any]]:
    if isinstance(value, Mapping):
        return [value]
    return [item for item in value[:1000] if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _is_word(value: Any) -> bool:
    return isinstance(value, str | bytes | int) and not isinstance(value, bool)


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def is_long(value: Any) -> bool:
    """Whether a field is too long for a label."""
    size = value.size if isinstance(value, np.ndarray) else len(value) if hasattr(value, "__len__") else 1
    return int(size) > (
        _LONGEST_TEXT if isinstance(value, str) else 1000 if isinstance(value, np.ndarray | list) else 256
    )


def stated_shape(fields: Mapping[str, Any], image: str = "image") -> tuple[int, ...] | None:
    """The shape that the fields state, as (H, W), (H, W, C), or by height, width and channels."""
    for name in (f"{image}_shape", f"shape_{image}", *SHAPES):
        stated = as_shape(fields.get(name))
        if stated is not None:
            channels = fields.get("channels")
            if name.endswith("size") and len(stated) == 2 and type(channels) is not int:
                continue  # may be (width, height) of an image file
            return (*stated, channels) if len(stated) == 2 and type(channels) is int else stated
    pairs = (
        ("height", "h", "rows", "imageheight", "image/height"),
        ("width", "w", "cols", "imagewidth", "image/width"),
    )
    height, width = (_whole(fields.get(name) for name in names) for names in pairs)
    if height and width:
        return (
            height,
            width,
            _whole(fields.get(name) for name in ("channels", "depth", "c", "bands", "image/channels", "image/depth"))
            or 3,
        )
    return None


def as_shape(stated: Any) -> tuple[int, ...] | None:
    """A value as a shape of two or three axes, None where it is none."""
    stated = stated.tolist() if isinstance(stated, np.ndarray) else stated
    if isinstance(stated, str):
        stated = [
            int(part) if part.strip().isdigit() else 0 for part in stated.strip("()[] ").replace("x", ",").split(",")
        ]
    if isinstance(stated, list | tuple) and 2 <= len(stated) <= 3 and all(type(n) is int and n > 0 for n in stated):
        return tuple(stated)
    return None


def stated_dtype(fields: Mapping[str, Any], image: str = "image") -> str | None:
    """The type of numbers that the fields state, as NumPy calls it."""
    for name in (f"{image}_dtype", f"dtype_{image}", *DTYPES):
        if name in fields:
            found = as_dtype(fields[name])
            if found is not None:
                return found
    return None


def as_dtype(stated: Any) -> str | None:
    """A value as the name of a type of numbers ("uint8", "<f4", "torch.float16"), None where it is none."""
    if isinstance(stated, np.dtype):
        return None if stated.hasobject else stated.str
    if not isinstance(stated, str | bytes) or not 1 < len(stated) < 32:
        return None
    try:
        dtype = dtype_called(re.sub(r"^<class '|'>$|\b(?:torch|np|numpy)\.", "", _word(stated)))
    except ValueError:
        return None
    return str(dtype.str) if dtype.kind in "biuf" else None


def _whole(values: Iterable[Any]) -> int | None:
    for value in values:
        number = arrays.label_of(value) if isinstance(value, int | np.generic | np.ndarray | list) else None
        if isinstance(number, int) and 0 < number < 1 << 24:
            return number
    return None
