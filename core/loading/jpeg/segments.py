"""Application segments: those beside which a JPEG is one that every decoder shows alike.

Pillow reads some of them itself and refuses the file where they are too short; libjpeg takes the colours from JFIF's
and Adobe's. Whatever is odd is left to Pillow.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import kernel
from .orientation import is_upright, starts_with

APP0, APP1, APP2, APP13, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF, 0xFE

JFIF_BYTES, ADOBE_BYTES, ICC_BYTES = 14, 12, 14
"""What libjpeg (jdmarker.c) takes for such a segment at least; of ICC_PROFILE, what Pillow reads without a check."""

TRANSFORM, YCBCR = 11, 1
"""Where Adobe's segment states the colours, and what it says for YCbCr."""

Bytes = npt.NDArray[np.uint8]


@kernel
def is_jfif(data: Bytes, marker: int, start: int, end: int) -> bool:
    """Whether this is the segment that makes the image YCbCr whatever follows."""
    return marker == APP0 and end - start >= JFIF_BYTES and starts_with(data, start, b"JFIF\0")


@kernel
def is_plain(data: Bytes, marker: int, start: int, end: int, jfif: bool) -> bool:
    """Whether a segment other than JFIF's, `data[start:end]`, changes nothing about the pixels."""
    size = end - start
    if marker == APP0:
        return not starts_with(data, start, b"JFIF")
    if marker == APP1:
        return is_upright(data, start, end)
    if marker == APP2:  # several pictures (MPF) are Pillow's
        return size >= ICC_BYTES if starts_with(data, start, b"ICC_PROFILE\0") else not starts_with(data, start, b"MPF")
    if marker == APP13 and starts_with(data, start, b"Photoshop 3.0\0"):
        return _resources_end(data, start + 14, end)
    if marker == APP14 and starts_with(data, start, b"Adobe"):
        return size >= ADOBE_BYTES and (jfif or data[start + TRANSFORM] == YCBCR)
    return APP0 <= marker <= APP15 or marker == COM


@kernel
def _resources_end(data: Bytes, place: int, end: int) -> bool:
    """Whether Photoshop's resources follow each other up to the end: "8BIM", uint16 number, name, uint32 size, data."""
    first = place
    while place < end:
        if not starts_with(data, place, b"8BIM") or place + 7 > end:
            return False
        place += 7 + np.int64(data[place + 6])
        place += (place - first) & 1
        if place + 4 > end:
            return False
        size = np.int64(0)
        for offset in range(4):
            size = (size << 8) | np.int64(data[place + offset])
        place += 4 + size
        place += (place - first) & 1
    return place <= end + 1
