"""The CRC-32 of chunks (PNG specification, third edition, annex D), eight bytes at a time."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import kernel
from .state import PngState

Bytes = npt.NDArray[np.uint8]


@kernel
def crc_is_right(data: Bytes, start: int, end: int, state: PngState) -> bool:
    """Whether the four bytes behind `data[start:end]` are its CRC."""
    tables = state.crc
    crc, place = np.uint32(0xFFFFFFFF), start
    while place + 8 <= end:
        low = crc
        crc = np.uint32(0)
        for byte in range(8):
            index = np.uint32(data[place + byte])
            if byte < 4:
                index ^= (low >> np.uint32(8 * byte)) & np.uint32(255)
            crc ^= tables[7 - byte, index]
        place += 8
    while place < end:
        crc = tables[0, (crc ^ np.uint32(data[place])) & np.uint32(255)] ^ (crc >> np.uint32(8))
        place += 1
    stated = np.uint32(0)
    for byte in range(4):
        stated = (stated << np.uint32(8)) | np.uint32(data[end + byte])
    return stated == crc ^ np.uint32(0xFFFFFFFF)
