"""Ancillary chunks: those beside which a PNG is one that Pillow shows by its samples alone.

Pillow keeps what it reads in a dictionary with names that the file chooses, in which it looks later on for
transparency, interlacing, orientation and frames; and refuses chunks that are too short.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import kernel

Bytes = npt.NDArray[np.uint8]

GAMMA, CHROMATICITY, RENDERING, SIGNIFICANT = 0x67414D41, 0x6348524D, 0x73524742, 0x73424954  # gAMA cHRM sRGB sBIT
SIZE, BACKGROUND, HISTOGRAM, PALETTES = 0x70485973, 0x624B4744, 0x68495354, 0x73504C54  # pHYs bKGD hIST sPLT
TIME, OFFSET, VIRTUAL_PAGE, CANVAS = 0x74494D45, 0x6F464673, 0x76704167, 0x63614E76  # tIME oFFs vpAg caNv
TEXT = 0x74455874  # tEXt

CAPITAL_A, CAPITAL_R, CAPITAL_X, CAPITAL_Z, SMALL_A, SMALL_D, COLON = b"ARXZad:"

LONGEST_TEXT = 1 << 12


@kernel
def word(data: Bytes, place: int) -> int:
    """The uint32 at `data[place : place + 4]`."""
    value = np.int64(0)
    for byte in range(4):
        value = (value << 8) | np.int64(data[place + byte])
    return value


@kernel
def is_plain(data: Bytes, name: int, start: int, size: int) -> bool:
    """Whether a chunk of this name, with `size` bytes from `start`, changes nothing about the pixels."""
    if name == GAMMA:
        return size == 4
    if name == CHROMATICITY:
        return size == 32
    if name == RENDERING:
        return size == 1
    if name == SIZE:
        return size == 9
    if name == TEXT:
        return _is_plain_text(data, start, size)
    if name in (SIGNIFICANT, BACKGROUND, HISTOGRAM, PALETTES):
        return True
    return name in (TIME, OFFSET, VIRTUAL_PAGE, CANVAS)


@kernel
def _is_plain_text(data: Bytes, start: int, size: int) -> bool:
    """Whether a text has a keyword that begins like "Title" or "date:create", and not like "Raw profile" or "XML"."""
    if not 5 < size <= LONGEST_TEXT:
        return False
    first = data[start]
    if first == SMALL_D:
        return data[start + 1] == SMALL_A and data[start + 4] == COLON
    return CAPITAL_A <= first <= CAPITAL_Z and first != CAPITAL_R and first != CAPITAL_X
