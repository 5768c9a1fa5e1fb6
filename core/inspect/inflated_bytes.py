"""What lies behind zlib's or gzip's compression, read at any place without all of it in memory.

The stream is inflated from its beginning as far as it is asked for. Copies of the inflater's state, evenly spread, are
kept, so that an earlier place is reached again from the copy before it.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

BLOCK = 1 << 20
"""Bytes that are inflated at once."""

KEPT_BLOCKS = 16
MOST_STATES = 256
"""Copies of the inflater's state, about 40 KiB each."""

_INPUT = 1 << 16
_GZIP = b"\x1f\x8b\x08"
ZLIB, GZIP = 15, 31
"""Which of both, as zlib counts (`wbits`)."""


@dataclass(slots=True)
class _State:
    """Where an inflation stands: before the block `number`, at the byte `position` of the compressed data."""

    inflater: Any
    position: int
    number: int

    def copy(self) -> _State:
        return _State(self.inflater.copy(), self.position, self.number)


class InflatedBytes:
    """The bytes behind `data`; no more than the first `most` are ever inflated. A gzip file may have several members.

    Not safe to use from several threads.
    """

    def __init__(self, data: memoryview, wbits: int, most: int) -> None:
        self.most = most
        self._data = data
        self._wbits = wbits
        self._state = _State(zlib.decompressobj(wbits), 0, 0)
        self._states = {0: self._state.copy()}
        self._stride = max(-(-most // (BLOCK * MOST_STATES)), 4)
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    @property
    def step(self) -> int:
        """Bytes between two copies of the state: so many at most are inflated for any place that was passed before."""
        return self._stride * BLOCK

    def at(self, offset: int, count: int) -> bytes:
        """Exactly `count` bytes from `offset` on.

        Raises:
            ValueError: the data breaks off before, does not decompress, or more than `most` bytes would be needed.
        """
        if offset < 0 or count < 0 or offset + count > self.most:
            raise ValueError(f"bytes {offset:,} to {offset + count:,} lie beyond the {self.most:,} that belong there")
        if not count:
            return b""
        first, last = offset // BLOCK, (offset + count - 1) // BLOCK
        pieces = [self._block(number) for number in range(first, last + 1)]
        joined = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        start = offset - first * BLOCK
        if len(joined) < start + count:
            raise ValueError(f"the compressed data ends before byte {offset + count:,} of what lies behind it")
        return joined[start : start + count]

    def _block(self, number: int) -> bytes:
        """The bytes from number * BLOCK on, as many as a block has; fewer at the end."""
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        if number < self._state.number:
            self._state = self._states[max(known for known in self._states if known <= number)].copy()
        block = b""
        while self._state.number <= number:
            block = self._next()
            if len(block) < BLOCK and self._state.number <= number:
                return b""  # the data ends before this block
        self._blocks[number] = block
        while len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return block

    def _next(self) -> bytes:
        state = self._state
        if state.number % self._stride == 0 and state.number not in self._states:
            self._states[state.number] = state.copy()
        pieces: list[bytes] = []
        left = BLOCK
        try:
            while left:
                piece = self._inflated(state, left)
                if piece is None:
                    break
                pieces.append(piece)
                left -= len(piece)
        except zlib.error as error:
            raise ValueError(f"it does not decompress: {error}") from None
        state.number += 1
        return b"".join(pieces)

    def _inflated(self, state: _State, most: int) -> bytes | None:
        """Some of the next bytes, at most so many and perhaps none yet; None at the end."""
        if state.inflater.eof:
            if self._wbits != GZIP or bytes(self._data[state.position : state.position + 3]) != _GZIP:
                return None
            state.inflater = zlib.decompressobj(self._wbits)
        given = self._data[state.position : state.position + _INPUT]
        piece: bytes = state.inflater.decompress(given, most)
        left = state.inflater.unused_data if state.inflater.eof else state.inflater.unconsumed_tail
        state.position += len(given) - len(left)
        return None if not piece and not given and not state.inflater.eof else piece
