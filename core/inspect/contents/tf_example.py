"""TensorFlow's Example: named features, each a list of bytes, floats or integers, as
`formats.tfrecord.example` reads it."""

from __future__ import annotations

from typing import Any

from ...formats.tfrecord.example import Feature, features_of
from ..values import text_of
from .content import Content
from .objects import of_object

_LONGEST_TEXT = 256


def read(value: bytes) -> Content | None:
    if value[:1] != b"\x0a":
        return None
    try:
        features = features_of(value)
    except ValueError:
        return None
    return (
        of_object("tf_example", {name: _value(value, one) for name, one in features.items()}, value)
        if features
        else None
    )


def _value(data: bytes, feature: Feature) -> Any:
    """The values of a feature; the only one of a list of one."""
    if feature.numbers is not None:
        return feature.numbers[0].item() if len(feature) == 1 else feature.numbers.tolist()
    values = [data[start:end] for start, end in feature.spans]
    if len(values) != 1:
        return values
    text = text_of(values[0]) if len(values[0]) < _LONGEST_TEXT else None
    return values[0] if text is None else text
