"""What a gzip or zlib file inflates to, read at any place: forwards as it comes, and back from where the state of the
decompressor was kept on the way.

Nothing is held but the piece that was inflated last and a bounded number of such states (about 45 kB each), so that
reading at random inflates as many bytes as lie between two of them.
"""

from __future__ import annotations

import time
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from ..values import MAX_INFLATED

GZIP, ZLIB = zlib.MAX_WBITS | 16, zlib.MAX_WBITS
MAGIC = b"\x1f\x8b\x08"

PIECE = 1 << 14
"""Bytes of the file that are handed to the decompressor at once."""

INFLATED = 1 << 18
"""Bytes that come out of it at once."""

MOST_STATES = 256
FIRST_SPACING = 1 << 20
"""Bytes between two kept states at first; doubled whenever there are too many."""


def wrapping_of(head: bytes) -> int | None:
    """`GZIP` or `ZLIB` by the first bytes of a file; None where it is neither."""
    if head[:3] == MAGIC:
        return GZIP
    if len(head) > 2 and head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and (head[0] << 8 | head[1]) % 31 == 0:
        return ZLIB
    return None


def first_bytes(head: bytes, wrapping: int, most: int) -> bytes:
    """The first bytes of what a file inflates to, which begins with `head`; nothing where it does not."""
    try:
        return zlib.decompressobj(wrapping).decompress(head, most)
    except zlib.error:
        return b""


@dataclass(slots=True)
class _State:
    """A decompressor and where it is: `stored` bytes of the file were handed to it, `start` came out; `left` is what
    it has been given and has not taken."""

    made: Any
    stored: int
    start: int
    left: bytes

    def copy(self) -> _State:
        return _State(self.made.copy(), self.stored, self.start, self.left)


class InflatedStream:
    """A file as what it inflates to. `size`: bytes of that, once the end was reached; `stored`: how far in the file
    inflating has come; `damage`: (byte of the file, reason) where it cannot go on; `unfinished`: it has no ending."""

    def __init__(self, memory: memoryview, wrapping: int) -> None:
        self._memory = memory
        self._wrapping = wrapping
        self._state = _State(zlib.decompressobj(wrapping), 0, 0, b"")
        self._states = [self._state.copy()]
        self._spacing = FIRST_SPACING
        self._piece = b""
        self.size: int | None = None
        self.damage: tuple[int, str] | None = None
        self.unfinished = False

    @property
    def stored(self) -> int:
        return len(self._memory) if self.size is not None else min(self._state.stored, len(self._memory))

    @property
    def spacing(self) -> int:
        """Bytes that reading at random may have to inflate, at most."""
        return self._spacing + INFLATED

    def read(self, start: int, count: int, deadline: float | None = None) -> bytes | None:
        """`count` bytes from `start` on, fewer where the stream ends before; None where the deadline came first.

        Raises ValueError for more than a value may inflate to.
        """
        if count > MAX_INFLATED:
            raise ValueError(f"a record of {count:,} bytes, inflated, is larger than any that is read here")
        self._approach(start)
        parts, at, end = [], start, start + count
        while at < end:
            begin = self._state.start - len(self._piece)
            if begin <= at < self._state.start:
                part = self._piece[at - begin : end - begin]
                parts.append(part)
                at += len(part)
            elif not self._next():
                break
            elif deadline is not None and time.monotonic() > deadline:
                return None
        return b"".join(parts)

    def _approach(self, start: int) -> None:
        """Go to the kept state from which the way to this place is the shortest, where that is not the present one."""
        kept = self._states[bisect_right(self._states, start, key=lambda state: state.start) - 1]
        if start < self._state.start - len(self._piece) or kept.start > self._state.start:
            self._state, self._piece = kept.copy(), b""

    def _next(self) -> bool:
        """Inflate the next piece; False at the end, whatever brought it about."""
        state = self._state
        if self.size is not None and state.start >= self.size:
            return False
        while True:
            if state.made.eof and not self._next_member():
                return self._ended()
            if not state.left:
                state.left = bytes(self._memory[state.stored : state.stored + PIECE])
                state.stored += len(state.left)
                if not state.left:
                    self.unfinished = True
                    return self._ended()
            try:
                piece = state.made.decompress(state.left, INFLATED)
            except zlib.error as error:
                reason = str(error).partition(": ")[2] or str(error)
                self.damage = (state.stored - len(state.left), reason)
                return self._ended()
            state.left = state.made.unconsumed_tail or state.made.unused_data
            if piece:
                self._piece = piece
                state.start += len(piece)
                self._keep()
                return True

    def _next_member(self) -> bool:
        """Begin the next member of a gzip file; False where there is none (zeros behind the last one are none)."""
        state = self._state
        state.left = (state.left + bytes(self._memory[state.stored : state.stored + PIECE]))[: len(state.left) + PIECE]
        state.stored = min(state.stored + PIECE, len(self._memory))
        if self._wrapping != GZIP or not state.left.startswith(MAGIC[:2]):
            return False
        state.made = zlib.decompressobj(self._wrapping)
        return True

    def _ended(self) -> bool:
        self.size = self._state.start
        return False

    def _keep(self) -> None:
        """Keep the state where the last one lies far enough behind."""
        if self._state.start - self._states[-1].start < self._spacing or self._state.made.eof:
            return
        self._states.append(self._state.copy())
        if len(self._states) > MOST_STATES:
            self._states = self._states[::2]
            self._spacing *= 2
