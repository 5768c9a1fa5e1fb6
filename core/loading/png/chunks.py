"""A PNG's chunks (PNG specification, third edition, chapters 5 and 11): the header, the palette, where the data lies.

A chunk is its size, uint32, its four letters, its bytes, and a CRC-32 of letters and bytes; numbers have the highest
byte first. What Pillow refuses, shows otherwise or might one day read is left to it.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ...images.pixels import MAX_PIXELS
from ..native import inlined, kernel
from ..simd.instruction import load_be64
from ..statuses import OK, TOO_SMALL, UNSUPPORTED
from .ancillary import is_plain, word
from .crc import crc_is_right
from .state import (
    COLOUR,
    DEPTH,
    ENTRIES,
    GREY,
    GREY_ALPHA,
    HEIGHT,
    PALETTE,
    PIXEL,
    RGB,
    RGBA,
    ROW,
    SLACK,
    STREAM,
    STREAM_BYTES,
    WIDTH,
    PngState,
)

Bytes = npt.NDArray[np.uint8]

SIGNATURE = 0x89504E470D0A1A0A
IHDR, PLTE, IDAT, IEND = 0x49484452, 0x504C5445, 0x49444154, 0x49454E44
END_CRC = 0xAE426082
"""The CRC of the chunk IEND, which holds nothing."""

FIRST_CHUNK, HEADER_BYTES = 33, 13
BEFORE_DATA, AROUND_DATA = 8, 12
"""Bytes of a chunk before its data, and before and behind it."""

MOST_CHUNKS = 100
"""Beside those of data: Pillow refuses files with too much text in all."""

MOST_INFLATED = 1032
"""What one compressed byte can become, at most (deflate: 258 bytes from two bits); and some for the first ones."""


@kernel
def image_size(data: Bytes) -> tuple[int, int]:
    """Height and width as the header states them; zeros where there is none, or where they are too large."""
    if len(data) < FIRST_CHUNK or load_be64(np.uint64(data.ctypes.data)) != np.uint64(SIGNATURE):
        return 0, 0
    if word(data, 8) != HEADER_BYTES or word(data, 12) != IHDR:
        return 0, 0
    width, height = word(data, 16), word(data, 20)
    if width == 0 or height == 0 or width > MAX_PIXELS or height > MAX_PIXELS or width * height > MAX_PIXELS:
        return 0, 0
    return height, width


@kernel
def read_chunks(data: Bytes, state: PngState) -> int:
    """Fill the state from all chunks of `data`, and put the compressed bytes together where they are in several.

    Returns OK, UNSUPPORTED or TOO_SMALL.
    """
    frame = state.frame
    frame[:] = 0
    if not _read_header(data, state):
        return UNSUPPORTED
    place, first_data, parts, others = FIRST_CHUNK, 0, 0, 0
    behind_data = False
    while place + AROUND_DATA <= len(data):
        size, name, start = word(data, place), word(data, place + 4), place + BEFORE_DATA
        if size > len(data) - place - AROUND_DATA:
            return UNSUPPORTED
        if name == IDAT:
            if behind_data or (frame[COLOUR] == PALETTE and frame[ENTRIES] == 0):
                return UNSUPPORTED
            first_data = first_data or place
            if size > 0:
                parts += 1
                frame[STREAM] = start
                frame[STREAM_BYTES] += size
        elif name == IEND:
            if size > 0 or start + 4 != len(data) or word(data, start) != END_CRC or parts == 0:
                return UNSUPPORTED
            return OK if parts == 1 else _join(data, first_data, state)
        else:
            others += 1
            if others > MOST_CHUNKS:
                return UNSUPPORTED
            if first_data:
                behind_data = True
            if name == PLTE:
                if behind_data or not _read_palette(data, start, size, state):
                    return UNSUPPORTED
            elif not is_plain(data, name, start, size):
                return UNSUPPORTED
            if not crc_is_right(data, place + 4, start + size, state):
                return UNSUPPORTED
        place = start + size + 4
    return UNSUPPORTED


@kernel
def _read_header(data: Bytes, state: PngState) -> bool:
    """IHDR: width, height, bits, colour type, compression, filters, interlacing."""
    frame = state.frame
    frame[HEIGHT], frame[WIDTH] = image_size(data)
    if frame[HEIGHT] == 0 or not crc_is_right(data, 12, 29, state):
        return False
    depth, colour = np.int64(data[24]), np.int64(data[25])
    if data[26] != 0 or data[27] != 0 or data[28] != 0:
        return False
    if colour == RGB:
        samples = 3
    elif colour == RGBA:
        samples = 4
    elif colour == GREY_ALPHA:
        samples = 2
    elif colour in (GREY, PALETTE):
        samples = 1
    else:
        return False
    if depth != 8 and not (samples == 1 and depth in (1, 2, 4)):
        return False
    frame[DEPTH], frame[COLOUR], frame[PIXEL] = depth, colour, samples
    frame[ROW] = (frame[WIDTH] * samples * depth + 7) // 8
    return True


@kernel
def _read_palette(data: Bytes, start: int, size: int, state: PngState) -> bool:
    """PLTE: red, green and blue of each entry. Beside RGB it is a hint for displays of few colours."""
    colour = state.frame[COLOUR]
    if size % 3 != 0 or not 0 < size <= 768 or state.frame[ENTRIES] > 0 or colour in (GREY, GREY_ALPHA):
        return False
    for entry in range(size // 3):
        for channel in range(3):
            state.palette[entry, channel] = data[start + 3 * entry + channel]
    state.frame[ENTRIES] = size // 3
    return True


@kernel
def _join(data: Bytes, place: int, state: PngState) -> int:
    """Copy the bytes of the chunks IDAT, the first of which is at `place`, one after the other into `state.stream`."""
    frame, filled = state.frame, 0
    if frame[STREAM_BYTES] + SLACK > len(state.stream):
        return TOO_SMALL
    while filled < frame[STREAM_BYTES]:
        size, start = word(data, place), place + BEFORE_DATA
        if size > frame[STREAM_BYTES] - filled or start + size > len(data):
            return UNSUPPORTED  # somebody is writing to the file
        copy(data[start:], state.stream[filled:], size)
        filled += size
        place = start + size + 4
    frame[STREAM] = -1
    return OK


@inlined
def copy(source: npt.NDArray[np.integer], target: npt.NDArray[np.integer], count: int) -> None:
    """The first `count` numbers. Assigning a slice loads numba's text functions, which say how shapes differ."""
    for place in range(count):
        target[place] = source[place]


@kernel
def has_room(state: PngState) -> int:
    """OK where the memory is enough for the image, TOO_SMALL where not, UNSUPPORTED where it cannot be in its bytes."""
    frame = state.frame
    filtered, pixels = (frame[ROW] + 1) * frame[HEIGHT], frame[WIDTH] * frame[HEIGHT]
    if filtered > MOST_INFLATED * frame[STREAM_BYTES]:
        return UNSUPPORTED
    if filtered + SLACK > len(state.filtered) or image_place(state) + 3 * pixels + SLACK > len(state.samples):
        return TOO_SMALL
    return OK


@kernel
def image_place(state: PngState) -> int:
    """Where in `state.samples` the image begins, behind a row of zeros and a vector more."""
    return state.frame[ROW] + SLACK
