"""Something known behind a few bytes: compressed data, `.npy`, or bare pixels behind their own shape.

The numbers before it are looked at as a shape: two or three that follow each other, of 2, 4 or 8 bytes in either order,
whose product is exactly the number of values behind them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...images.bands import CHANNELS
from ..values import guessed_dtype
from .compressed import SIGNATURES, inflated
from .content import Content, of_array
from .npy import MAGIC
from .smoothness import roughness

FARTHEST = 64
"""Bytes that may come before."""

_WIDTHS = (2, 4, 8)
_SMALLEST, _LARGEST = 4, 1 << 16
"""Lengths of a side."""

_CLEARLY = 1.5

_PLAIN_HEADERS = (4, 6, 8, 12, 16, 20, 24, 32)
"""Bytes of a header before bare pixels."""


def read(value: bytes) -> Content | None:
    signed = _behind_a_signature(value)
    if signed is not None:
        return signed
    for length in _PLAIN_HEADERS:
        content = _shaped(value[:length], value[length:], value)
        if content is not None:
            return content
    return None


def _behind_a_signature(value: bytes) -> Content | None:
    from . import content_of

    head = value[: FARTHEST + 8]
    places = sorted((place, sign) for sign in (MAGIC, *(sign for sign, _ in SIGNATURES))
                    if 0 < (place := head.find(sign, 1)) <= FARTHEST)  # fmt: skip
    for place, signature in places:
        before, behind = value[:place], value[place:]
        try:
            inner, name = (behind, "") if signature == MAGIC else inflated(behind) or (b"", "")
        except ValueError:
            continue  # the bytes were there by chance
        content = (_shaped(before, inner, value) if name else None) or content_of(inner, 1)
        if content.kind not in ("bytes", "text"):
            told = f"it begins {place:,} bytes into the value"
            encoding = f"{content.encoding}+{name}" if name else content.encoding
            text = "; ".join(filter(None, (content.text, told)))
            return replace(content, kind="headed", payload=value, encoding=encoding, text=text, guess=None)
    return None


def _shaped(header: bytes, data: bytes, value: bytes) -> Content | None:
    """The data as an image of the shape that the header states."""
    if len(data) < 64:
        return None
    for shape, place in _shapes(header):
        count, rest = divmod(len(data), math.prod(shape))
        if rest or count not in (1, 2, 4, 8):
            continue
        dtype = guessed_dtype(data, math.prod(shape)) or "u1"
        array = _upright(np.frombuffer(data, dtype), shape)
        told = f"its shape {' x '.join(map(str, array.shape))} is taken from the {len(header)} bytes before it"
        told += f", and that its numbers are {np.dtype(dtype)} from its length" if count > 1 else ""
        content = of_array("headed", array, value[len(value) - len(data) :] if place >= 0 else data)
        return replace(content, text=told) if content.is_image else None
    return None


def _shapes(header: bytes) -> Iterator[tuple[tuple[int, ...], int]]:
    """The shapes that the header may state, those of three axes first."""
    found: list[tuple[tuple[int, ...], int]] = []
    for width in _WIDTHS:
        for order in "<>":
            for start in range(0, min(len(header), 2 * width), 2):
                count = (len(header) - start) // width
                numbers = np.frombuffer(header, f"{order}u{width}", count, start).tolist()
                for axes in (3, 2):
                    for place in range(len(numbers) - axes + 1):
                        shape = tuple(numbers[place : place + axes])
                        if _is_shape(shape):
                            found.append((shape, place))
    yield from sorted(dict.fromkeys(found), key=lambda one: -len(one[0]))


def _is_shape(shape: tuple[int, ...]) -> bool:
    sides = shape if len(shape) == 2 else shape[:2] if shape[2] in CHANNELS else shape[1:]
    channels = 1 if len(shape) == 2 else shape[2] if shape[2] in CHANNELS else shape[0]
    return 0 < channels <= 16 and all(_SMALLEST <= side < _LARGEST for side in sides)


def _upright(flat: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """(height, width, ...), or the other way round where neighbours are then clearly more alike."""
    array = flat.reshape(shape)
    if len(shape) == 3 and shape[2] not in CHANNELS:
        return array
    turned = flat.reshape(shape[1], shape[0], *shape[2:])  # a wrong length of rows shows from row to row only
    return turned if _CLEARLY * roughness(turned, (0,)) < roughness(array, (0,)) else array
