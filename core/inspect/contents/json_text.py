"""JSON: an image in base64 or as lists of numbers, a vector, or data to be read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..values import text_of
from .content import Content, of_array
from .named import label_among
from .objects import of_object

_LONGEST = 1 << 26


def read(value: bytes) -> Content | None:
    thing = parsed(value)
    if isinstance(thing, list) and len(thing) > 3 and all(type(number) in (int, float) for number in thing):
        return of_array("json_text", np.array(thing, np.float64), value, encoding="json")
    if not isinstance(thing, dict | list):
        return None
    content = of_object("json_text", thing, value)
    if content.is_image:
        return content.inside("json_text", prefix="json")
    label = (
        label_among({str(name).lower(): field for name, field in thing.items()}, "")
        if isinstance(thing, dict)
        else None
    )
    return Content("json_text", "json", value, text=text_of(value), label=label)


def parsed(value: bytes) -> Any:
    """The object or list that a value is in JSON, else None."""
    if len(value) > _LONGEST or value.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
