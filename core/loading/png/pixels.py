"""A PNG's bytes to RGB pixels, as `core.images.pixels.decode` gives them."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import kernel
from ..simd.flatten import grey_alpha_to_rgb, grey_to_rgb, rgba_to_rgb
from ..simd.instruction import copy_8, load_u8, store_u8
from ..statuses import OK, UNSUPPORTED
from .chunks import has_room, image_place
from .filters import unfilter
from .inflate import inflate
from .state import (
    COLOUR,
    DEPTH,
    ENTRIES,
    GREY,
    GREY_ALPHA,
    HEIGHT,
    PALETTE,
    RGB,
    ROW,
    STREAM,
    STREAM_BYTES,
    WIDTH,
    PngState,
)

PIECE = 16
"""Pixels that are made RGB at a time; up to so many behind a row are written as well, and overwritten by the next."""

Bytes = npt.NDArray[np.uint8]
Address = np.uint64


@kernel
def decode_rgb(data: Bytes, state: PngState, rows: int) -> int:
    """Decode the first `rows` rows into `state.samples`, at `image_place`; all compressed bytes are looked at.

    `read_chunks` must have been called. Returns OK, UNSUPPORTED or TOO_SMALL.
    """
    frame = state.frame
    status = has_room(state)
    if status != OK:
        return status
    stream = np.uint64(state.stream.ctypes.data)
    if frame[STREAM] >= 0:  # 16 bytes may be read behind it: its CRC and the chunk IEND
        stream = np.uint64(data.ctypes.data) + np.uint64(frame[STREAM])
    filtered = np.uint64(state.filtered.ctypes.data)
    if inflate(stream, frame[STREAM_BYTES], filtered, (frame[ROW] + 1) * frame[HEIGHT], state.inflate) != 0:
        return UNSUPPORTED
    return to_pixels(state, rows)


@kernel
def to_pixels(state: PngState, rows: int) -> int:
    """The first `rows` rows of `state.filtered` to pixels, at `image_place`. Returns OK or UNSUPPORTED."""
    if not unfilter(state, rows):
        return UNSUPPORTED
    return OK if state.frame[COLOUR] == RGB or _to_rgb(state, rows) else UNSUPPORTED


@kernel
def _to_rgb(state: PngState, rows: int) -> bool:
    """Unfiltered rows to pixels. False where a pixel has a number that the palette does not."""
    frame = state.frame
    width, colour, depth = frame[WIDTH], frame[COLOUR], frame[DEPTH]
    source = np.uint64(state.filtered.ctypes.data) + np.uint64(1)
    out = np.uint64(state.samples.ctypes.data) + np.uint64(image_place(state))
    for _ in range(rows):
        if colour == PALETTE:
            if _look_up(source, width, depth, state, out) >= frame[ENTRIES]:
                return False
        elif depth < 8:
            _spread(source, width, depth, out)
        else:
            _flatten(source, width, colour, out)
        source += np.uint64(frame[ROW] + 1)
        out += np.uint64(3 * width)
    return True


@kernel
def _flatten(source: Address, width: int, colour: int, out: Address) -> None:
    """A row of 8 bits a sample."""
    for start in range(0, width, PIECE):
        x = np.uint64(start)
        if colour == GREY:
            grey_to_rgb(source + x, out + np.uint64(3) * x)
        elif colour == GREY_ALPHA:
            grey_alpha_to_rgb(source + np.uint64(2) * x, out + np.uint64(3) * x)
        else:
            rgba_to_rgb(source + np.uint64(4) * x, out + np.uint64(3) * x)


@kernel
def _look_up(source: Address, width: int, depth: int, state: PngState, out: Address) -> int:
    """A row of numbers of colours; returns the highest. Of each eight bytes are written, from left to right."""
    palette, highest = np.uint64(state.palette.ctypes.data), 0
    for x in range(width):
        number = load_u8(source, np.uint64(x)) if depth == 8 else _sample(source, x, depth)
        highest = max(highest, number)
        copy_8(palette + np.uint64(4 * number), out + np.uint64(3 * x))
    return highest


@kernel
def _spread(source: Address, width: int, depth: int, out: Address) -> None:
    """A row of grey of 1, 2 or 4 bits, of which the highest becomes 255."""
    scale = 255 // ((1 << depth) - 1)
    for x in range(width):
        value = scale * _sample(source, x, depth)
        for channel in range(3):
            store_u8(out + np.uint64(3 * x + channel), np.uint64(value))


@kernel
def _sample(source: Address, x: int, depth: int) -> int:
    """Of samples that share a byte, the first in its highest bits."""
    bit = x * depth
    return (load_u8(source, np.uint64(bit >> 3)) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1)
