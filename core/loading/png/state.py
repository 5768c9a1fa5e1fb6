"""What the PNG decoder keeps from one image to the next: memory to work in, and tables that never change."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .inflate_state import JOB_FIELDS, InflateState, new_inflate_state

# Fields of `PngState.frame`.
FRAME = 9
WIDTH, HEIGHT, DEPTH, COLOUR, ROW, PIXEL, STREAM, STREAM_BYTES, ENTRIES = range(FRAME)
"""`DEPTH` is the bits of a sample, `COLOUR` the colour type as the file states it. `ROW` is the bytes of a row without
its filter, `PIXEL` how many bytes back a filter looks. `STREAM` is where the compressed bytes begin, in the file if
they lie in one chunk, -1 where they were put together in `stream`. `ENTRIES` is how many colours the palette has."""

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
"""Colour types (PNG specification, third edition, table 12)."""

SLACK = 64
"""Bytes behind each piece of memory that may be read and written but mean nothing: a vector's."""

CRC_POLYNOMIAL = 0xEDB88320


GROUP = 16
"""Small images whose data is inflated together."""
SMALL = 8192
"""Bytes of rows that an image in a group may have."""


class PngGroup(NamedTuple):
    """Images whose data is to be inflated together."""

    numbers: npt.NDArray[np.int64]  # (GROUP,), of the samples
    frames: npt.NDArray[np.int64]  # (GROUP, FRAME)
    jobs: npt.NDArray[np.int64]  # (GROUP, JOB_FIELDS), see `inflate_many`
    filtered: npt.NDArray[np.uint8]  # (GROUP, SMALL + SLACK)


class PngState(NamedTuple):
    """One thread's memory."""

    frame: npt.NDArray[np.int64]  # (FRAME,)
    palette: npt.NDArray[np.uint8]  # (257, 4): red, green, blue, nothing; a row more, which is read but means nothing
    crc: npt.NDArray[np.uint32]  # (8, 256), see `crc_tables`
    stream: npt.NDArray[np.uint8]  # compressed bytes of several chunks, one after the other
    filtered: npt.NDArray[np.uint8]  # rows as they are compressed, each behind the byte that names its filter
    samples: npt.NDArray[np.uint8]  # a row of zeros, then the image as RGB
    inflate: InflateState
    group: PngGroup


def new_png_state(stream_bytes: int, sample_bytes: int) -> PngState:
    """Memory for images with so many compressed bytes and, as RGBA, so many samples."""
    return PngState(
        frame=np.zeros(FRAME, np.int64),
        palette=np.zeros((257, 4), np.uint8),
        crc=crc_tables(),
        stream=np.zeros(stream_bytes + SLACK, np.uint8),
        filtered=np.zeros(sample_bytes + SLACK, np.uint8),
        samples=np.zeros(sample_bytes + SLACK, np.uint8),
        inflate=new_inflate_state(),
        group=PngGroup(
            numbers=np.zeros(GROUP, np.int64),
            frames=np.zeros((GROUP, FRAME), np.int64),
            jobs=np.zeros((GROUP, JOB_FIELDS), np.int64),
            filtered=np.zeros((GROUP, SMALL + SLACK), np.uint8),
        ),
    )


def crc_tables() -> npt.NDArray[np.uint32]:
    """uint32 (8, 256): what a byte adds to the CRC-32 with 0 to 7 bytes behind it ("slicing by 8")."""
    tables = np.zeros((8, 256), np.uint32)
    value = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        value = np.where(value & 1, value >> 1 ^ np.uint32(CRC_POLYNOMIAL), value >> 1).astype(np.uint32)
    tables[0] = value
    for behind in range(1, 8):
        tables[behind] = tables[behind - 1] >> 8 ^ value[tables[behind - 1] & 255]
    return tables
