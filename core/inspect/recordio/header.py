"""MXNet's header of image records (`mxnet.recordio.IRHeader`, "IfQQ"), little-endian: uint32 flag, float32 label,
uint64 id, uint64 id2. A flag above 0 says that so many float32 labels follow, and the label in the header is void."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..contents.npy import MAGIC as NPY
from ..values import image_encoding

HEADER = struct.Struct("<IfQQ")

EXACT = 1 << 53
"""Beyond this a float is no number of a class."""

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """labels: float32 (n,); several: whether they stand behind the header; size: bytes before the image."""

    labels: Floats
    several: bool
    id: int
    id2: int
    size: int


def header_of(payload: bytes) -> ImageHeader | None:
    """The header of a record; None where it has none, or its labels do not lie in it."""
    if len(payload) < HEADER.size:
        return None
    flag, label, number, second = HEADER.unpack_from(payload)
    size = HEADER.size + 4 * flag
    if size > len(payload):
        return None
    labels = np.frombuffer(payload, "<f4", flag, HEADER.size) if flag else np.array([label], np.float32)
    return ImageHeader(labels, flag > 0, number, second, size)


def is_image_record(payload: bytes) -> bool:
    """Whether an image file or an array lies behind a header."""
    header = header_of(payload)
    if header is None:
        return False
    body = payload[header.size : header.size + 64]
    return image_encoding(body) is not None or body.startswith(NPY)


def plain(labels: Floats) -> Any:
    """One label as a number, several as a list, whole numbers as such."""
    numbers = [int(label) if label.is_integer() and abs(label) < EXACT else label for label in labels.tolist()]
    return numbers[0] if len(numbers) == 1 else numbers


def objects_of(labels: Floats) -> Floats | None:
    """The things in an image, (n, width) with class and box first, as GluonCV packs them: how many numbers come first,
    how many a thing has, ..., then the things. None where the labels are none of these."""
    if labels.size < 7 or not np.isfinite(labels).all():
        return None
    before, width = float(labels[0]), float(labels[1])
    if not (before.is_integer() and width.is_integer() and 2 <= before <= 16 and 5 <= width <= 32):
        return None
    rest = labels[int(before) :]
    if not rest.size or rest.size % int(width):
        return None
    things = rest.reshape(-1, int(width))
    boxes = things[:, 1:5]
    fits = bool(np.all(things[:, 0] == np.floor(things[:, 0]))) and bool(np.all((boxes >= -0.5) & (boxes <= 1.5)))
    return things if fits else None
