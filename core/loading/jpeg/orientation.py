"""Whether a JPEG's metadata asks for the image to be turned: EXIF's orientation tag, or XMP's."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import kernel

Bytes = npt.NDArray[np.uint8]

ORIENTATION, X_RESOLUTION = 0x0112, 0x011A
SHORT, RATIONAL = 3, 5
UPRIGHT = 1
ENTRY = 12
(FIRST_LETTER,) = b"O"


@kernel
def starts_with(data: Bytes, place: int, text: bytes) -> bool:
    for offset in range(len(text)):  # noqa: SIM110 - numba knows no all() of a generator
        if place + offset >= len(data) or data[place + offset] != text[offset]:
            return False
    return True


@kernel
def is_upright(data: Bytes, start: int, end: int) -> bool:
    """Whether an APP1 segment, `data[start:end]`, leaves the image as it is; False as well where it is odd."""
    if starts_with(data, start, b"Exif\0\0"):
        return _exif_is_upright(data[start + 6 : end])
    for place in range(start, end):
        if data[place] == FIRST_LETTER and starts_with(data, place, b"Orientation"):
            return False
    return True


@kernel
def _exif_is_upright(tiff: Bytes) -> bool:
    little = starts_with(tiff, 0, b"II*\0")
    if len(tiff) < 8 or not (little or starts_with(tiff, 0, b"MM\0*")):
        return False
    directory = _number(tiff, 4, 4, little)
    if directory + 2 > len(tiff):
        return False
    entries = _number(tiff, directory, 2, little)
    if directory + 2 + ENTRY * entries > len(tiff):
        return False
    for entry in range(entries):  # noqa: SIM110 - numba knows no all() of a generator
        if not _entry_is_plain(tiff, directory + 2 + ENTRY * entry, little):
            return False
    return True


@kernel
def _entry_is_plain(tiff: Bytes, place: int, little: bool) -> bool:
    """Whether an entry (uint16 tag, uint16 type, uint32 count, 4 bytes) is none over which Pillow stumbles or turns."""
    tag, kind = _number(tiff, place, 2, little), _number(tiff, place + 2, 2, little)
    count = _number(tiff, place + 4, 4, little)
    if tag == ORIENTATION:
        return kind == SHORT and count == 1 and _number(tiff, place + 8, 2, little) == UPRIGHT
    if tag == X_RESOLUTION:
        return kind == RATIONAL and count == 1
    return count > 0


@kernel
def _number(data: Bytes, place: int, size: int, little: bool) -> int:
    value = 0
    for offset in range(size):
        value = (value << 8) | np.int64(data[place + (size - 1 - offset if little else offset)])
    return value
