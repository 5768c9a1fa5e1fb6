"""A JPEG's header: the segments before its entropy-coded bytes (ITU-T T.81, annex B)."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from core.loading.jpeg.huffman import build_table
from core.loading.jpeg.orientation import is_upright, starts_with
from core.loading.jpeg.state import (
    AC_TABLE,
    ACROSS,
    COMPONENTS,
    DC_TABLE,
    DOWN,
    HEADER,
    HEADER_BYTES,
    HEIGHT,
    LAST_CODE,
    QUANTISER,
    RESTART,
    SCAN,
    WIDTH,
    State,
)
from core.loading.native import kernel

OK, UNSUPPORTED, TOO_SMALL = 0, 1, 2
"""How decoding can end. `UNSUPPORTED` leaves the image, which may be broken or merely unusual, to Pillow;
`TOO_SMALL` asks for a state with more memory."""

SOF0, SOF1, DHT, SOI, EOI, SOS, DQT, DRI, APP0, APP1, APP14 = (
    0xC0, 0xC1, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xEE
)  # fmt: skip

Bytes = npt.NDArray[np.uint8]


@kernel
def read_header(data: Bytes, state: State) -> int:
    """Fill the state from the header of `data`, or find that it is filled already. Returns OK or UNSUPPORTED."""
    if _same_header(data, state):
        return OK
    state.frame[SCAN] = 0
    if len(data) < 4 or data[0] != 0xFF or data[1] != SOI:
        return UNSUPPORTED
    state.frame[RESTART] = 0
    state.frame[WIDTH] = 0
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
        if marker < SOF0 or 0xD0 <= marker <= EOI or size < 2 or end > len(data):
            return UNSUPPORTED
        if marker == SOS:
            return _read_scan(data, start, end, state)
        if marker == APP0 and size >= 7 and starts_with(data, start, b"JFIF"):
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
def _same_header(data: Bytes, state: State) -> bool:
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
def _read_segment(data: Bytes, marker: int, start: int, end: int, jfif: bool, state: State) -> bool:
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
    if marker == APP1:
        return is_upright(data, start, end)
    if marker == APP14 and starts_with(data, start, b"Adobe"):
        return jfif or (end - start >= 12 and data[start + 11] == 1)  # otherwise not YCbCr
    return not SOF0 <= marker <= 0xCF  # progressive, lossless, arithmetic


@kernel
def _read_quantisers(data: Bytes, start: int, end: int, state: State) -> bool:
    while start < end:
        wide, number = data[start] >> 4, data[start] & 15
        size = 128 if wide else 64
        if wide > 1 or number > 3 or start + 1 + size > end:
            return False
        for k in range(64):
            if wide:
                state.quantisers[number, k] = _word(data, start + 1 + 2 * k)
            else:
                state.quantisers[number, k] = data[start + 1 + k]
        start += 1 + size
    return start == end


@kernel
def _read_huffman_tables(data: Bytes, start: int, end: int, state: State) -> bool:
    while start < end:
        kind, number = data[start] >> 4, data[start] & 15
        if kind > 1 or number > 3 or start + 17 > end:
            return False
        symbols = 0
        for length in range(16):
            symbols += data[start + 1 + length]
        if symbols > 256 or start + 17 + symbols > end:
            return False
        if not build_table(data, start + 1, symbols, kind == 1, state.tables[4 * kind + number]):
            return False
        start += 17 + symbols
    return start == end


@kernel
def _read_frame(data: Bytes, start: int, end: int, state: State) -> bool:
    if end - start < 6 or state.frame[WIDTH] != 0:
        return False
    height, width, components = _word(data, start + 1), _word(data, start + 3), np.int64(data[start + 5])
    if data[start] != 8 or height == 0 or width == 0 or components not in (1, 3) or end - start != 6 + 3 * components:
        return False
    across, down = np.int64(data[start + 7] >> 4), np.int64(data[start + 7] & 15)
    if components == 1:
        across = down = 1
    elif (
        (data[start + 6] == ord("R") and data[start + 9] == ord("G"))
        or data[start + 10] != 0x11
        or data[start + 13] != 0x11
    ):
        return False
    if not ((across == 1 and down == 1) or (across == 2 and 1 <= down <= 2)):
        return False
    for component in range(components):
        quantiser = data[start + 8 + 3 * component]
        if quantiser > 3:
            return False
        state.components[component, QUANTISER] = quantiser
    frame = state.frame
    frame[HEIGHT], frame[WIDTH], frame[COMPONENTS], frame[ACROSS], frame[DOWN] = height, width, components, across, down
    return True


@kernel
def _read_scan(data: Bytes, start: int, end: int, state: State) -> int:
    components = state.frame[COMPONENTS]
    if state.frame[WIDTH] == 0 or end - start != 4 + 2 * components or data[start] != components:
        return UNSUPPORTED
    for component in range(components):
        tables = data[start + 2 + 2 * component]
        dc, ac = tables >> 4, tables & 15
        if dc > 3 or ac > 3 or state.tables[dc, LAST_CODE + 17] == 0 or state.tables[4 + ac, LAST_CODE + 17] == 0:
            return UNSUPPORTED
        state.components[component, DC_TABLE] = dc
        state.components[component, AC_TABLE] = 4 + ac
    state.frame[SCAN] = end
    state.frame[HEADER] = 0
    if end <= HEADER_BYTES:
        for place in range(end):
            state.header[place] = data[place]
        state.frame[HEADER] = end
    return OK
