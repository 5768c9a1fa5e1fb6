"""Values of a flat column of bytes or text, page by page: one value costs its page, not its row group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ...formats.maps import will_read
from ...formats.parquet.pages import (
    DATA,
    DATA_V2,
    DICTIONARY,
    PLAIN,
    PLAIN_DICTIONARY,
    RLE_DICTIONARY,
    Numbers,
    Page,
    body_of,
    fixed_of,
    hybrid,
    pages,
    strings_of,
    whole,
)

CODECS = {"UNCOMPRESSED": None, "SNAPPY": "snappy", "GZIP": "gzip", "BROTLI": "brotli", "ZSTD": "zstd",
          "LZ4_RAW": "lz4_raw"}  # fmt: skip
"""Codecs of a chunk, and what pyarrow calls them. LZ4 (two framings under one name) is left to pyarrow."""


class OtherEncoding(ValueError):
    """Values in an encoding that is left to pyarrow."""


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of a page: where each lies in `data`; places: of each row among them (-1: null), None where no row is
    null."""

    data: memoryview
    starts: list[int] | Numbers
    lengths: list[int] | Numbers
    places: Numbers | None

    def value(self, row: int) -> bytes | None:
        place = row if self.places is None else int(self.places[row])
        if place < 0:
            return None
        start = int(self.starts[place])
        return bytes(self.data[start : start + int(self.lengths[place])])


class Chunk:
    """One column of one row group. `levels`: its deepest definition level; `fixed`: bytes of a value, 0 where each says
    its own. `value` raises ValueError for what is damaged, OtherEncoding for what is left to pyarrow."""

    def __init__(self, memory: memoryview, meta: Any, levels: int, fixed: int) -> None:
        self._memory, self._levels, self._fixed = memory, levels, fixed
        first = meta.data_page_offset
        if meta.has_dictionary_page and meta.dictionary_page_offset:
            first = min(first, meta.dictionary_page_offset)
        if first < 4 or meta.total_compressed_size < 0 or first + meta.total_compressed_size > len(memory):
            raise ValueError("a column lies outside of its file")
        if meta.compression not in CODECS:
            raise OtherEncoding(meta.compression)
        self._inflate = _inflater(CODECS[meta.compression])
        self._coming: Iterator[Page] = pages(memory, first, meta.total_compressed_size)
        self._pages: list[Page] = []
        self._ends: list[int] = []
        self._dictionary: _Values | None = None
        self._current: tuple[int, _Values] | None = None

    def value(self, row: int) -> bytes | None:
        """The value in this row of the group; None for null."""
        number = self._page_of(row)
        if self._current is None or self._current[0] != number:
            self._current = number, self._values(self._pages[number])
        return self._current[1].value(row - (self._ends[number - 1] if number else 0))

    def page_bytes(self, row: int) -> tuple[int, int]:
        """(bytes of the page that a row is in, its rows)."""
        page = self._pages[self._page_of(row)]
        return page.end - page.offset, max(page.values, 1)

    def _page_of(self, row: int) -> int:
        while not self._ends or self._ends[-1] <= row:
            page = next(self._coming, None)
            if page is None:
                raise ValueError("a column has fewer values than its row group has rows")
            if page.kind == DICTIONARY:
                self._dictionary = self._dictionary_of(page)
            elif page.kind in (DATA, DATA_V2):
                self._pages.append(page)
                self._ends.append(page.values + (self._ends[-1] if self._ends else 0))
        return int(np.searchsorted(self._ends, row, "right")) if self._ends[-1] > row >= 0 else self._none()

    def _none(self) -> int:
        raise ValueError("there is no such row")

    def _dictionary_of(self, page: Page) -> _Values:
        will_read(self._memory, (page.start, page.end))
        data = self._memory[page.start : page.end]
        if self._inflate is not None:
            data = whole(self._inflate(data, page.plain_size), page.plain_size)
        return _Values(data, *self._plain(data, page.values), None)

    def _plain(self, data: memoryview, count: int) -> tuple[list[int], list[int]]:
        return fixed_of(data, count, self._fixed) if self._fixed else strings_of(data, count)

    def _values(self, page: Page) -> _Values:
        will_read(self._memory, (page.start, page.end))
        levels, data = body_of(self._memory, page, self._inflate, self._levels > 0)
        places, count = None, page.values
        if self._levels:
            there = hybrid(levels, self._levels.bit_length(), page.values) == self._levels
            count = int(there.sum())
            places = None if count == page.values else np.where(there, np.cumsum(there) - 1, -1)
        if page.encoding == PLAIN:
            return _Values(data, *self._plain(data, count), places)
        if page.encoding not in (PLAIN_DICTIONARY, RLE_DICTIONARY):
            raise OtherEncoding(f"encoding {page.encoding}")
        return self._looked_up(data, count, places)

    def _looked_up(self, data: memoryview, count: int, places: Numbers | None) -> _Values:
        """Values that are numbers of a dictionary's."""
        kept = self._dictionary
        if kept is None or (count and not len(data)):
            raise ValueError("a page has no dictionary")
        numbers = hybrid(data[1:], data[0], count) if count else np.empty(0, np.int64)
        if count and int(numbers.max()) >= len(kept.starts):
            raise ValueError("a page asks for a value that its dictionary has not")
        starts, lengths = np.asarray(kept.starts, np.int64), np.asarray(kept.lengths, np.int64)
        return _Values(kept.data, starts[numbers], lengths[numbers], places)


def _inflater(codec: str | None) -> Callable[[bytes | memoryview, int], memoryview] | None:
    if codec is None:
        return None
    known = pa.Codec(codec)
    return lambda data, size: memoryview(known.decompress(pa.py_buffer(data), size))
