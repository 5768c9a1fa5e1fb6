"""The bytes between a scan's header and the end of the image: stuffing, restart markers, and the end itself."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import kernel
from ..simd.instruction import MARKER_BYTES, copy_8, has_ff, has_marker
from .markers import EOI, RST0
from .state import PADDING

Bytes = npt.NDArray[np.uint8]

BLOCKS_A_BYTE = 4
"""At most: a block takes a bit for its DC value and one for its end."""


@kernel
def least_bytes(samples: int) -> int:
    """How many entropy-coded bytes so many samples take at least: what has fewer is cut off."""
    return samples // (64 * BLOCKS_A_BYTE)


@kernel
def unstuff(data: Bytes, start: int, stream: Bytes) -> tuple[int, int]:
    """Copy the bytes up to the next marker into `stream`, without the zeros stuffed after 0xFF.

    Returns where the marker is, and how many bytes were copied; `PADDING` zeros follow them.
    """
    size, place = 0, start
    source, target = np.uint64(data.ctypes.data), np.uint64(stream.ctypes.data)
    while place < len(data):
        if place + 8 <= len(data) and not has_ff(source + np.uint64(place)):
            copy_8(source + np.uint64(place), target + np.uint64(size))
            place += 8
            size += 8
            continue
        byte = data[place]
        if byte == 0xFF:
            if place + 1 < len(data) and data[place + 1] != 0:
                break
            place += 1
        stream[size] = byte
        size += 1
        place += 1
    stream[size : size + PADDING] = 0
    return place, size


@kernel
def is_restart(data: Bytes, place: int, number: int) -> bool:
    """Whether the restart marker that belongs there, number `number` of the image's, is at `place`."""
    return place + 2 <= len(data) and data[place] == 0xFF and data[place + 1] == RST0 + (number & 7)


@kernel
def ends_properly(data: Bytes, place: int, done: int, intervals: int) -> bool:
    """Whether the markers from `place` on, behind `done` of the image's intervals, are those that belong there.

    These are the other intervals' restart markers, in order, and the end of the image. Without it Pillow takes a file
    for truncated, even where all pixels are there; intervals that nobody looks at are not decoded for it.
    """
    while done < intervals:
        if not is_restart(data, place, done - 1):
            return False
        place = next_marker(data, place + 2)
        done += 1
    return place + 2 <= len(data) and data[place] == 0xFF and data[place + 1] == EOI


@kernel
def next_marker(data: Bytes, place: int) -> int:
    """Where the next marker from `place` on is; at or behind the last byte where there is none."""
    source = np.uint64(data.ctypes.data)
    while place + 1 < len(data):
        if place + MARKER_BYTES < len(data) and not has_marker(source + np.uint64(place)):
            place += MARKER_BYTES
        elif data[place] == 0xFF and data[place + 1] != 0:
            return place
        else:
            place += 1
    return place
