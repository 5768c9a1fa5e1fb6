"""Further values of a sample on their way through a source's listing, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from ..base.contracts import FieldValue
from ..base.strict_json import dumps


def as_kept(values: Mapping[str, FieldValue]) -> str:
    """Plain values and arrays of numbers as text; "" where there are none."""
    kept = [
        [name, value.tolist(), list(value.shape), str(value.dtype)] if isinstance(value, np.ndarray) else [name, value]
        for name, value in values.items()
    ]
    return dumps(kept) if kept else ""


def from_kept(text: str) -> dict[str, FieldValue]:
    """What `as_kept` was given."""
    found: dict[str, FieldValue] = {}
    for name, value, *array in json.loads(text) if text else ():
        found[name] = np.array(value, dtype=array[1]).reshape(array[0]) if array else value
    return found
