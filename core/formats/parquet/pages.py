"""The pages of a column chunk: their headers, their bytes, and the values of flat columns, read without the library.

Source: https://github.com/apache/parquet-format (README.md, Encodings.md, parquet.thrift). A column chunk is a page of
a dictionary, if it has one, and pages of data; a page is a header in thrift's compact protocol and its bytes. Of a data
page these are the definition levels (which values are null) and the values; version 1 compresses both together,
version 2 the values alone.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .thrift import CompactReader

DATA, DICTIONARY, DATA_V2 = 0, 2, 3
"""Types of pages (enum PageType)."""

PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY = 0, 2, 3, 8
"""Encodings (enum Encoding)."""

MOST_HEADER = 1 << 20
"""Bytes of a header; statistics in it may hold a value."""

MOST_PAGE = 1 << 30

Inflate = Callable[[bytes | memoryview, int], bytes | memoryview]
"""(compressed bytes, size of what comes out) -> the bytes."""

Numbers = npt.NDArray[np.int64]


class Page(NamedTuple):
    """offset: where its header begins; start, size: its bytes as they lie in the file; plain_size: uncompressed; kind:
    DATA, DICTIONARY or DATA_V2; values: how many, nulls among them; encoding: of the values; levels: bytes of levels in
    front (DATA_V2); compressed: whether the values are, where the chunk has a codec."""

    offset: int
    start: int
    size: int
    plain_size: int
    kind: int
    values: int
    encoding: int
    levels: int
    compressed: bool

    @property
    def end(self) -> int:
        return self.start + self.size


def page_at(memory: memoryview, offset: int, end: int) -> Page:
    """The page whose header begins at `offset`; it must end by `end`. Raises ValueError for what is none."""
    if not 0 <= offset < end <= len(memory):
        raise ValueError("a page lies outside of its file")
    reader = CompactReader(memory[offset : min(end, offset + MOST_HEADER)])
    header = reader.struct()
    kind, plain_size, size = header.get(1), header.get(2), header.get(3)
    start = offset + reader.place
    if not (type(kind) is type(plain_size) is type(size) is int and 0 <= size <= end - start):
        raise ValueError(f"the page at byte {offset:,} is longer than its column")
    if not 0 <= plain_size <= MOST_PAGE:
        raise ValueError(f"the page at byte {offset:,} claims {plain_size:,} bytes")
    told = header.get({DATA: 5, DICTIONARY: 7, DATA_V2: 8}.get(kind, 0), {})
    values, encoding = told.get(1, 0), told.get(4 if kind == DATA_V2 else 2, -1)
    levels = told.get(5, 0) + told.get(6, 0) if kind == DATA_V2 else 0
    if not (type(values) is type(encoding) is type(levels) is int and values >= 0 and 0 <= levels <= size):
        raise ValueError(f"the header of the page at byte {offset:,} is damaged")
    return Page(offset, start, size, plain_size, kind, values, encoding, levels, bool(told.get(7, True)))


def pages(memory: memoryview, offset: int, size: int) -> Iterator[Page]:
    """The pages of a column chunk of `size` bytes, in order."""
    end = offset + size
    while offset < end:
        page = page_at(memory, offset, end)
        yield page
        offset = page.end


def body_of(
    memory: memoryview, page: Page, inflate: Inflate | None, nullable: bool = True
) -> tuple[memoryview, memoryview]:
    """(definition levels as RLE, values) of a data page of a flat column, which has levels where it is `nullable`;
    `inflate` is None where the chunk has no codec. Raises ValueError for a page that is damaged."""
    data = memory[page.start : page.end]
    if page.kind == DATA_V2:
        levels, values = data[: page.levels], data[page.levels :]
        if inflate is not None and page.compressed:
            values = whole(inflate(values, page.plain_size - page.levels), page.plain_size - page.levels)
        return levels, values
    if inflate is not None:
        data = whole(inflate(data, page.plain_size), page.plain_size)
    if not nullable:
        return data[:0], data
    if len(data) < 4:
        raise ValueError("a page has no levels")
    (length,) = struct.unpack_from("<I", data)
    if length > len(data) - 4:
        raise ValueError("the levels of a page are longer than the page")
    return data[4 : 4 + length], data[4 + length :]


def whole(data: bytes | memoryview, size: int) -> memoryview:
    """Inflated bytes as unsigned ones, of the size that a header says. Raises ValueError for another."""
    if len(data) != size:
        raise ValueError(f"a page has {len(data):,} bytes where it says {size:,}")
    return memoryview(data).cast("B")  # pyarrow's are signed


def strings_of(values: memoryview, count: int) -> tuple[list[int], list[int]]:
    """(starts, lengths) of `count` PLAIN byte arrays: a length (uint32) and the bytes each.

    Raises ValueError where they do not fit.
    """
    starts, lengths, place, end = [], [], 0, len(values)
    unpack = struct.Struct("<I").unpack_from
    for _ in range(count):
        if place + 4 > end:
            raise ValueError("a page has fewer values than it says")
        (length,) = unpack(values, place)
        place += 4
        if length > end - place:
            raise ValueError("a value is longer than its page")
        starts.append(place)
        lengths.append(length)
        place += length
    return starts, lengths


def fixed_of(values: memoryview, count: int, size: int) -> tuple[list[int], list[int]]:
    """(starts, lengths) of `count` PLAIN values of `size` bytes each. Raises ValueError where they do not fit."""
    if count * size > len(values):
        raise ValueError("a page has fewer values than it says")
    return list(range(0, count * size, size)) if size else [0] * count, [size] * count


def hybrid(data: memoryview, width: int, count: int) -> Numbers:
    """`count` numbers of `width` bits in the RLE / bit-packing hybrid, int64 (count,).

    Raises ValueError where there are fewer, or numbers are wider than 32 bits.
    """
    if not 0 <= width <= 32:
        raise ValueError(f"levels or indices of {width} bits")
    if width == 0:
        return np.zeros(count, np.int64)
    found: list[Numbers] = []
    reader, have = CompactReader(data), 0
    while have < count:
        head = reader.unsigned()
        if head & 1:
            size = (head >> 1) * width
            packed = np.frombuffer(reader.take(min(size, len(data) - reader.place)), np.uint8)
            part = _unpacked(packed, width)
        else:
            value = int.from_bytes(reader.take((width + 7) // 8), "little")
            part = np.full(min(head >> 1, count - have), value, np.int64)
        if not len(part):
            raise ValueError("a run of levels or indices is empty")
        found.append(part[: count - have])
        have += len(found[-1])
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _unpacked(packed: npt.NDArray[np.uint8], width: int) -> Numbers:
    """Numbers of `width` bits, the lowest bit first."""
    bits = np.unpackbits(packed, bitorder="little")
    whole = bits[: len(bits) // width * width].reshape(-1, width)
    return whole.astype(np.int64) @ (1 << np.arange(width, dtype=np.int64))
