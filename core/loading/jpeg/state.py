"""What the decoder keeps from one image to the next: tables, and memory to work in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .standard import STANDARD

LOOKUP_BITS = 10
HEADER_BYTES = 4096
"""Headers up to this size are remembered: an image whose header is the same uses the tables of the one before."""

PADDING = 2048
"""Zeros after the entropy-coded bytes: more than one MCU can consume, so that only whole MCUs need checking."""

WIDEST_ROW = (1 << 16) + 64
"""A JPEG has 65,535 columns at most; the rest is margin."""

# Fields of `DecoderState.frame`.
FRAME = 10
WIDTH, HEIGHT, COMPONENTS, ACROSS, DOWN, RESTART, SCAN, HEADER, QUANTISERS, HUFFMAN = range(FRAME)
"""`ACROSS` x `DOWN` are the luma blocks of one MCU; `SCAN` is where the entropy-coded bytes begin, 0 for no frame;
`HEADER` the number of remembered header bytes; `RESTART` the restart interval in MCUs or 0. `QUANTISERS` and `HUFFMAN`
have a bit for each table that this image's own header defines: what another image left there is not used."""

# Columns of `DecoderState.components`.
QUANTISER, DC_TABLE, AC_TABLE, ID = range(4)


# One Huffman table is one row of int32: the lookup, then what codes longer than that need.
LAST_CODE = 1 << LOOKUP_BITS
"""From here, by length: the codes of this length, left-aligned to 16 bits, are all below this number."""
FIRST_SYMBOL = LAST_CODE + 18
"""From here, by length: where its symbols begin, minus its first code."""
DEFINITION = FIRST_SYMBOL + 18
"""From here, the table as the file gives it: 16 counts of codes by length, then the symbols."""
SYMBOLS = DEFINITION + 16
TABLE = SYMBOLS + 256

# Columns of `DecoderState.blocks`: for each block of an MCU the addresses of its tables, and where its samples go.
QUANTISER_AT, DC_AT, AC_AT, PLANE, FIRST_SAMPLE, STEP_ACROSS, STEP_DOWN, STRIDE = range(8)


class DecoderState(NamedTuple):
    """One thread's memory. Huffman tables 0 to 3 are DC, 4 to 7 AC."""

    frame: npt.NDArray[np.int64]  # (FRAME,)
    components: npt.NDArray[np.int64]  # (3, 4)
    header: npt.NDArray[np.uint8]  # (HEADER_BYTES,)
    quantisers: npt.NDArray[np.int32]  # (4, 64), zigzag
    tables: npt.NDArray[np.int32]  # (8, TABLE)
    blocks: npt.NDArray[np.int64]  # (6, 8)
    block: npt.NDArray[np.int32]  # (64,)
    predictions: npt.NDArray[np.int64]  # (3,): the DC values of luma, blue and red chroma before the next MCU
    zigzag: npt.NDArray[np.uint8]  # (64,)
    standard: npt.NDArray[np.uint8]  # the standard's Huffman tables, see `core.loading.jpeg.standard`
    stream: npt.NDArray[np.uint8]  # entropy-coded bytes without their stuffing
    samples: npt.NDArray[np.uint8]  # component planes, and 16 bytes that may be read but mean nothing
    rows: npt.NDArray[np.int16]  # (2, WIDEST_ROW): chroma at full size


# Where the k-th coefficient lies in its block.
ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
    54, 47, 55, 62, 63,
)  # fmt: skip


def new_state(stream_bytes: int, sample_bytes: int) -> DecoderState:
    """Memory for images with so many entropy-coded bytes and samples."""
    return DecoderState(
        frame=np.zeros(FRAME, np.int64),
        components=np.zeros((3, 4), np.int64),
        header=np.zeros(HEADER_BYTES, np.uint8),
        quantisers=np.zeros((4, 64), np.int32),
        tables=np.zeros((8, TABLE), np.int32),
        blocks=np.zeros((6, 8), np.int64),
        block=np.zeros(64, np.int32),
        predictions=np.zeros(3, np.int64),
        zigzag=np.array(ZIGZAG, np.uint8),
        standard=np.frombuffer(STANDARD, np.uint8).copy(),
        stream=np.zeros(stream_bytes + PADDING, np.uint8),
        samples=np.zeros(sample_bytes + 16, np.uint8),
        rows=np.zeros((2, WIDEST_ROW), np.int16),
    )
