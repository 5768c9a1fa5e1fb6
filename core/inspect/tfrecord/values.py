"""The features of an Example as plain data, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...formats.tfrecord.example import Feature, Sequence
from ..contents.tensor_proto import tensor_in

SMALL = 1 << 12
"""Bytes of a value that may be a label; longer ones are left out where only that is looked for."""


def plain(data: bytes, features: Mapping[str, Feature], most: int | None = None) -> dict[str, Any]:
    """The values of each feature: the only one of one, else a list of bytes, or an array of numbers; arrays that were
    serialised as such. `most`: values of more bytes are left out."""
    return {name: _value(data, feature) for name, feature in features.items() if most is None or _size(feature) <= most}


def plain_sequence(data: bytes, sequence: Sequence) -> dict[str, Any]:
    """The context's features, and of each list the values of its steps: an array where each is one number."""
    told = plain(data, sequence.context)
    for name, steps in sequence.lists.items():
        values = [_value(data, step) for step in steps]
        whole = values and all(isinstance(value, int | float) for value in values)
        told[name] = np.array(values) if whole else values
    return told


def _value(data: bytes, feature: Feature) -> Any:
    if feature.numbers is not None:
        return feature.numbers[0].item() if len(feature) == 1 else feature.numbers
    values = [_thing(data[start:end]) for start, end in feature.spans]
    return values[0] if len(values) == 1 else values


def _thing(value: bytes) -> Any:
    found = tensor_in(value)
    return value if found is None else found


def _size(feature: Feature) -> int:
    if feature.numbers is not None:
        return int(feature.numbers.nbytes)
    return sum(end - start for start, end in feature.spans)


def tensors(data: bytes, features: Mapping[str, Feature]) -> Iterator[tuple[str, np.ndarray[Any, Any], int]]:
    """(name, array, bytes that it is written in) of the features that are one serialised array."""
    for name, feature in features.items():
        for start, end in feature.spans if len(feature.spans) == 1 else ():
            found = tensor_in(data[start:end])
            if isinstance(found, np.ndarray):
                yield name, found, end - start
