"""PNG files made by hand: every colour type, depth, filter and chunk, by the PNG specification's third edition."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
NONE, SUB, UP, AVERAGE, PAETH = range(5)

PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""Adam7: first row, first column, and the steps down and across, of each pass."""

Samples = npt.NDArray[np.integer]


@dataclass
class Chunk:
    """`crc`: None for the right one."""

    name: bytes
    data: bytes
    crc: int | None = None

    def file(self) -> bytes:
        crc = zlib.crc32(self.name + self.data) if self.crc is None else self.crc
        return struct.pack(">I", len(self.data)) + self.name + self.data + struct.pack(">I", crc)


def file_of(chunks: Iterable[Chunk]) -> bytes:
    return SIGNATURE + b"".join(chunk.file() for chunk in chunks)


def chunks_of(file: bytes) -> list[Chunk]:
    """A file that is in order, taken apart."""
    chunks, place = [], len(SIGNATURE)
    while place < len(file):
        (size,) = struct.unpack_from(">I", file, place)
        chunks.append(Chunk(file[place + 4 : place + 8], file[place + 8 : place + 8 + size]))
        place += size + 12
    return chunks


def header(height: int, width: int, depth: int, colour: int, *, interlaced: bool = False) -> Chunk:
    return Chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def palette(entries: int, seed: int = 0) -> Chunk:
    return Chunk(b"PLTE", np.random.default_rng(seed).integers(0, 256, 3 * entries, np.uint8).tobytes())


def png(
    samples: Samples,
    colour: int,
    depth: int = 8,
    *,
    filters: Sequence[int] = (NONE,),
    parts: int = 1,
    level: int = 6,
    before: Sequence[Chunk] = (),
    behind: Sequence[Chunk] = (),
    interlaced: bool = False,
) -> bytes:
    """A file of these samples (height, width, channels), with these filters in turn, `parts` chunks of data, and other
    chunks before and behind them."""
    rows = rows_of(samples, depth, filters, interlaced=interlaced)
    head = header(*samples.shape[:2], depth, colour, interlaced=interlaced)
    return with_data(zlib.compress(rows, level), head, parts=parts, before=before, behind=behind)


def with_data(
    data: bytes, head: Chunk, *, parts: int = 1, before: Sequence[Chunk] = (), behind: Sequence[Chunk] = ()
) -> bytes:
    """A file of this header and these compressed bytes."""
    return file_of([head, *before, *split(data, parts), *behind, Chunk(b"IEND", b"")])


def split(data: bytes, parts: int) -> list[Chunk]:
    """Compressed bytes as so many chunks of about one size."""
    bounds = [len(data) * part // parts for part in range(parts + 1)]
    return [Chunk(b"IDAT", data[bounds[part] : bounds[part + 1]]) for part in range(parts)]


def rows_of(samples: Samples, depth: int, filters: Sequence[int], *, interlaced: bool = False) -> bytes:
    """The bytes that are compressed: filtered rows, each behind the number of its filter."""
    if not interlaced:
        return _rows(samples, depth, filters)
    return b"".join(
        _rows(samples[top::down, left::across], depth, filters)
        for top, left, down, across in PASSES
        if samples[top::down, left::across].size
    )


def _rows(samples: Samples, depth: int, filters: Sequence[int]) -> bytes:
    height, _, channels = samples.shape
    packed = _packed(samples.reshape(height, -1), depth)
    step = max(channels * depth // 8, 1)
    above = np.zeros_like(packed[0])
    rows = []
    for number, row in enumerate(packed):
        kind = filters[number % len(filters)]
        rows.append(bytes([kind]) + filtered(row, above, kind, step).tobytes())
        above = row
    return b"".join(rows)


def _packed(samples: Samples, depth: int) -> npt.NDArray[np.uint8]:
    """(height, samples of a row) as bytes, the first sample in the highest bits."""
    if depth == 16:
        return samples.astype(">u2").view(np.uint8)
    if depth == 8:
        return samples.astype(np.uint8)
    bits = (samples[:, :, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).reshape(len(samples), -1), axis=1)


def filtered(row: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], kind: int, step: int) -> npt.NDArray[np.uint8]:
    """A row of bytes with what the filter predicts taken away."""
    left, corner = (np.concatenate([np.zeros(step, np.int16), line])[: len(row)] for line in (row, above))
    a, b, c = left.astype(np.int16), above.astype(np.int16), corner.astype(np.int16)
    by_left, by_above, by_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where(by_above <= by_corner, b, c)
    paeth = np.where((by_left <= by_above) & (by_left <= by_corner), a, nearest)
    return (row - {NONE: 0 * a, SUB: a, UP: b, AVERAGE: (a + b) // 2, PAETH: paeth}[kind]).astype(np.uint8)


def samples_of(height: int, width: int, colour: int, depth: int, seed: int, entries: int = 256) -> Samples:
    """Samples, int64 (height, width, channels), smooth in one half and noise in the other; of a palette, numbers."""
    random = np.random.default_rng(seed)
    top = min(1 << depth, entries if colour == PALETTE else 1 << 16)
    shape = (height, width, CHANNELS[colour])
    slope = np.add.outer(np.add.outer(np.arange(height) * 3, np.arange(width)), 5 * np.arange(CHANNELS[colour]))
    samples = np.where(np.arange(width)[:, None] * 2 < width, slope * top // 97, random.integers(0, top, shape)) % top
    if colour in (GREY_ALPHA, RGBA):  # all of the image, and none of it, in some places
        samples[:, : width // 4, -1] = top - 1
        samples[:, width - width // 4 :, -1] *= random.integers(0, 2, (height, width // 4))
    return samples.astype(np.int64)
