"""A JPEG's header: the segments before its entropy-coded bytes (ITU-T T.81, annex B).

What it says depends on the bytes alone: tables that an earlier image left in the state count only where this image's
own header defines the same ones. What libjpeg or Pillow refuse or read in another way is left to them.
"""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ...images.pixels import MAX_PIXELS
from ..native import kernel
from ..statuses import OK, UNSUPPORTED
from .huffman import build_table
from .segments import is_jfif, is_plain
from .standard import STARTS, SYMBOLS
from .state import (
    AC_TABLE,
    ACROSS,
    COMPONENTS,
    DC_TABLE,
    DOWN,
    HEADER,
    HEADER_BYTES,
    HEIGHT,
    HUFFMAN,
    ID,
    QUANTISER,
    QUANTISERS,
    RESTART,
    SCAN,
    WIDTH,
    DecoderState,
)

SOF0, SOF1, DHT, RST0, SOI, EOI, SOS, DQT, DRI = 0xC0, 0xC1, 0xC4, 0xD0, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD

RED, GREEN = b"RG"
"""Numbers of components by which libjpeg knows RGB. Constants: a compiled `ord` loads numba's text functions."""

LONGEST_SIDE = 65500
"""libjpeg's JPEG_MAX_DIMENSION."""

LARGEST_QUANTISER = 1023
"""What multiplies a coefficient of 15 bits, so that sums of a few dozen stay within 32. Tables of 8 bits have 255."""

Bytes = npt.NDArray[np.uint8]


@kernel
def read_header(data: Bytes, state: DecoderState) -> int:
    """Fill the state from the header of `data`, or find that it is filled already. Returns OK or UNSUPPORTED."""
    if _same_header(data, state):
        return OK
    state.frame[:] = 0
    if len(data) < 4 or data[0] != 0xFF or data[1] != SOI:
        return UNSUPPORTED
    jfif, place = False, 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return UNSUPPORTED
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        size = _word(data, place + 2)
        start, end = place + 4, place + 2 + size
        if marker < SOF0 or RST0 <= marker <= EOI or size < 2 or end > len(data):
            return UNSUPPORTED
        if marker == SOS:
            return _read_scan(data, start, end, state)
        if is_jfif(data, marker, start, end):
            jfif = True
        elif not _read_segment(data, marker, start, end, jfif, state):
            return UNSUPPORTED
        place = end
    return UNSUPPORTED


@kernel
def image_size(data: Bytes) -> tuple[int, int]:
    """Height and width as the frame header states them; zeros where none is found."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if SOF0 <= marker <= 0xCF and marker not in (DHT, 0xC8, 0xCC):
            return _word(data, place + 5), _word(data, place + 7)
        place += 1 if marker == 0xFF else 2 + _word(data, place + 2)
    return 0, 0


@kernel
def _same_header(data: Bytes, state: DecoderState) -> bool:
    size = state.frame[HEADER]
    if state.frame[SCAN] == 0 or size == 0 or len(data) < size:
        return False
    differ = np.uint8(0)
    for place in range(size):
        differ |= data[place] ^ state.header[place]
    return differ == 0


@kernel
def _word(data: Bytes, place: int) -> int:
    return (np.int64(data[place]) << 8) | np.int64(data[place + 1])


@kernel
def _read_segment(data: Bytes, marker: int, start: int, end: int, jfif: bool, state: DecoderState) -> bool:
    """Whether a segment other than JFIF and SOS is one that this decoder follows."""
    if marker == DQT:
        return _read_quantisers(data, start, end, state)
    if marker == DHT:
        return _read_huffman_tables(data, start, end, state)
    if marker in (SOF0, SOF1):
        return _read_frame(data, start, end, state)
    if marker == DRI:
        if end - start != 2:
            return False
        state.frame[RESTART] = _word(data, start)
        return True
    return is_plain(data, marker, start, end, jfif)


@kernel
def _read_quantisers(data: Bytes, start: int, end: int, state: DecoderState) -> bool:
    while start < end:
        wide, number = data[start] >> 4, np.int64(data[start] & 15)
        size = 128 if wide else 64
        if wide > 1 or number > 3 or start + 1 + size > end:
            return False
        for k in range(64):
            value = _word(data, start + 1 + 2 * k) if wide else np.int64(data[start + 1 + k])
            if not 0 < value <= LARGEST_QUANTISER:
                return False
            state.quantisers[number, k] = value
        state.frame[QUANTISERS] |= 1 << number
        start += 1 + size
    return start == end


@kernel
def _read_huffman_tables(data: Bytes, start: int, end: int, state: DecoderState) -> bool:
    while start < end:
        kind, number = np.int64(data[start] >> 4), np.int64(data[start] & 15)
        if kind > 1 or number > 3 or start + 17 > end:
            return False
        symbols = 0
        for length in range(16):
            symbols += data[start + 1 + length]
        if symbols > 256 or start + 17 + symbols > end:
            return False
        if not build_table(data, start + 1, symbols, kind == 1, state.tables[4 * kind + number]):
            return False
        state.frame[HUFFMAN] |= 1 << (4 * kind + number)
        start += 17 + symbols
    return start == end


@kernel
def _read_frame(data: Bytes, start: int, end: int, state: DecoderState) -> bool:
    frame = state.frame
    if end - start < 6 or frame[WIDTH] != 0:
        return False
    height, width, components = _word(data, start + 1), _word(data, start + 3), np.int64(data[start + 5])
    if data[start] != 8 or components not in (1, 3) or end - start != 6 + 3 * components:
        return False
    if not (0 < height <= LONGEST_SIDE and 0 < width <= LONGEST_SIDE) or height * width > MAX_PIXELS:
        return False
    for component in range(components):
        place = start + 6 + 3 * component
        if data[place + 2] > 3:
            return False
        state.components[component, ID] = data[place]
        state.components[component, QUANTISER] = data[place + 2]
    across, down = np.int64(data[start + 7] >> 4), np.int64(data[start + 7] & 15)
    if components == 1:
        if not (1 <= across <= 4 and 1 <= down <= 4):
            return False
        across = down = 1  # a component alone has MCUs of one block, whatever it states
    elif data[start + 10] != 0x11 or data[start + 13] != 0x11 or not _has_plain_ids(state):
        return False
    if not ((across == 1 and down == 1) or (across == 2 and 1 <= down <= 2)):
        return False
    frame[HEIGHT], frame[WIDTH], frame[COMPONENTS], frame[ACROSS], frame[DOWN] = height, width, components, across, down
    return True


@kernel
def _has_plain_ids(state: DecoderState) -> bool:
    """Whether the three components have numbers of their own, and not those by which libjpeg knows RGB."""
    first, second, third = state.components[0, ID], state.components[1, ID], state.components[2, ID]
    differ = first != second and second != third and first != third
    return differ and not (first == RED and second == GREEN)


@kernel
def _read_scan(data: Bytes, start: int, end: int, state: DecoderState) -> int:
    """Follow a scan's header: all components in the frame's order, all coefficients, tables that are there."""
    frame, components = state.frame, state.frame[COMPONENTS]
    if frame[WIDTH] == 0 or end - start != 4 + 2 * components or data[start] != components:
        return UNSUPPORTED
    if data[end - 3] != 0 or data[end - 2] != 63 or data[end - 1] != 0:
        return UNSUPPORTED
    for component in range(components):
        place = start + 1 + 2 * component
        dc, ac = np.int64(data[place + 1] >> 4), np.int64(data[place + 1] & 15)
        quantiser = state.components[component, QUANTISER]
        if data[place] != state.components[component, ID] or not frame[QUANTISERS] >> quantiser & 1:
            return UNSUPPORTED
        if not (_has_table(dc, False, state) and _has_table(ac, True, state)):
            return UNSUPPORTED
        state.components[component, DC_TABLE] = dc
        state.components[component, AC_TABLE] = 4 + ac
    frame[SCAN] = end
    if end <= HEADER_BYTES:
        for place in range(end):
            state.header[place] = data[place]
        frame[HEADER] = end
    return OK


@kernel
def _has_table(number: int, ac: bool, state: DecoderState) -> bool:
    """Whether this Huffman table is defined: by the image, or else by the standard, which has two of each kind."""
    if number > 3:
        return False
    row = 4 * ac + number
    if state.frame[HUFFMAN] >> row & 1:
        return True
    standard = 2 * ac + number
    if number > 1 or not build_table(state.standard, STARTS[standard], SYMBOLS[standard], ac, state.tables[row]):
        return False
    state.frame[HUFFMAN] |= 1 << row
    return True
