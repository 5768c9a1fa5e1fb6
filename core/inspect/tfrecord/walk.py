"""The way through a TFRecord file from record to record, in steps, past what is damaged.

A length is followed where its checksum is right; where it is wrong, too, as long as that leads to a record whose length
is right, or to the very end: then the checksum is what is wrong. Where it leads nowhere, the next place is looked for
at which eight bytes have their checksum behind them.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...formats.tfrecord.records import (
    BESIDE,
    FOOTER,
    HEADER,
    Walked,
    data_is_whole,
    headers_in,
    length_at,
    walk,
    wrong_lengths,
)
from ..values import MAX_INFLATED
from .detect import begins_with_record
from .stream import InflatedStream, wrapping_of

AT_ONCE = 1 << 16
"""Records between two looks at the clock."""

WINDOW = 1 << 20
"""Bytes that are searched for the next header at once."""

MOST_GAPS = 10_000
LONGEST_DOUBTED = 1 << 31
"""Bytes; a length with a wrong checksum is not followed further, and one of 0 not at all: zeros are no records."""

STATE = ("at", "doubt", "gap", "wrong", "first_wrong", "cut", "lacking", "zeros", "done", "unfinished", "damaged")


class RecordWalk(ABC):
    """What is known of a file's records so far, and how to go on.

    starts: where records begin, in bytes of the file (or of what it inflates to); gaps: (start, end) of what holds no
    record; wrong: how many lengths have a wrong checksum, `first_wrong` where the first of them stands; cut: where the
    last record begins, of which `lacking` bytes are missing (-1: unknown), or -1; zeros: where nothing but zeros
    follows, or -1; unfinished, damaged: of a compressed file, that it has no ending, and the byte where it cannot be
    inflated, or -1.
    """

    def __init__(self) -> None:
        self.starts: array[int] = array("q")
        self.gaps: list[tuple[int, int]] = []
        self.at = 0
        self.wrong, self.first_wrong = 0, -1
        self.cut, self.lacking, self.zeros, self.damaged = -1, -1, -1, -1
        self.doubt, self.gap = -1, -1
        self.done = self.unfinished = 0

    @abstractmethod
    def step(self, seconds: float) -> tuple[int, int]:
        """See `records.Indexed`."""

    @abstractmethod
    def record(self, start: int) -> tuple[bytes, bool]:
        """(data, whether both checksums are right) of the record that begins there. Raises ValueError where there is
        no whole one."""

    @property
    @abstractmethod
    def total(self) -> int:
        """Bytes of the file, or of what it inflates to as far as that is known."""

    def __len__(self) -> int:
        """How many records are known; not those whose lengths have led nowhere yet."""
        return len(self.starts) if self.doubt < 0 else self.doubt

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        state = np.array([getattr(self, name) for name in STATE], np.int64)
        gaps = np.array(self.gaps, np.int64).reshape(-1, 2)
        return {"starts": np.array(self.starts, np.int64), "state": state, "gaps": gaps}

    def use(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Go on from there. Places are looked at again when a record is read."""
        starts, state, gaps = arrays["starts"], arrays["state"], arrays["gaps"]
        if starts.dtype != np.int64 or starts.ndim != 1 or state.shape != (len(STATE),) or gaps.ndim != 2:
            raise ValueError("these are no records of a TFRecord file")
        if len(starts) and (int(starts[0]) < 0 or (np.diff(starts) < BESIDE).any() or int(starts[-1]) > self._most):
            raise ValueError("a record lies outside of the file")
        told = dict(zip(STATE, state.tolist(), strict=True))
        if not 0 <= told["at"] <= self._most or not -1 <= told["doubt"] < max(len(starts), 1) or len(gaps) > MOST_GAPS:
            raise ValueError("the walk has left the file")
        self.starts = array("q", starts.tolist())
        self.gaps = [(start, end) for start, end in gaps.tolist()]
        for name, value in told.items():
            setattr(self, name, value)

    @property
    def _most(self) -> int:
        """The furthest place that a record may begin at."""
        return self.total

    def _is_doubtful(self, start: int) -> None:
        """The length that stands there has a wrong checksum."""
        self.first_wrong = start if self.first_wrong < 0 else self.first_wrong

    def _resolve(self, end: int) -> None:
        """The doubtful records before number `end` led to where they should: only their checksums are wrong."""
        if self.doubt >= 0:
            self.wrong += end - self.doubt
            self._is_doubtful(self.starts[self.doubt])
            self.doubt = -1

    def _give_up_doubtful(self) -> bool:
        """Take back the records that led nowhere; whether there were any."""
        if self.doubt < 0:
            return False
        self.at = self.starts[self.doubt]
        del self.starts[self.doubt :]
        self.doubt = -1
        return True


class PlainWalk(RecordWalk):
    """Through a file whose records lie bare."""

    def __init__(self, memory: memoryview, at_once: int = AT_ONCE) -> None:
        """`at_once`: records that are gone through between two looks at the clock."""
        super().__init__()
        self._memory = memory
        self._at_once = at_once
        self._octets = np.frombuffer(memory, np.uint8)

    @property
    def total(self) -> int:
        return len(self._memory)

    def step(self, seconds: float) -> tuple[int, int]:
        deadline = time.monotonic() + seconds
        while self.at < self.total and (seconds > 0 or not self.starts):
            if self.gap >= 0:
                self._search()
            else:
                self._follow()
            if time.monotonic() >= deadline:
                break
        if self.at == self.total:
            self._resolve(len(self.starts))
        return self.at, self.total

    def _follow(self) -> None:
        walked = walk(self._memory, self.at, self.total, self._at_once)
        wrong = wrong_lengths(self._octets, walked)
        empty = wrong[walked.lengths[wrong] == 0]
        if len(empty):  # zeros are no records, though each leads to the next one
            walked = Walked(walked.starts[: empty[0]], int(walked.starts[empty[0]]))
            wrong = wrong[wrong < empty[0]]
        first = len(self.starts)
        self.starts.extend(walked.starts.tolist())
        self._judge(first, wrong.tolist(), len(walked.starts))
        self.at = walked.end
        if len(walked.starts) < self._at_once and self.at < self.total:
            self._stop()

    def _judge(self, first: int, wrong: list[int], count: int) -> None:
        """`wrong`: which of `count` new records, from number `first` on, have a length with a wrong checksum."""
        right = count - 1
        for place in reversed(wrong):
            if place != right:
                break
            right -= 1
        if right >= 0:
            self._resolve(first)
            before = [place for place in wrong if place < right]
            self.wrong += len(before)
            if before:
                self._is_doubtful(self.starts[first + before[0]])
        if right < count - 1 and self.doubt < 0:
            self.doubt = first + right + 1

    def _stop(self) -> None:
        """No whole record begins here."""
        if self._give_up_doubtful() or self.total - self.at >= HEADER:
            length, right = length_at(self._memory, self.at)
            if right:
                self.cut, self.lacking, self.at = self.at, self.at + BESIDE + length - self.total, self.total
            else:
                self.gap = self.at
        else:
            self.cut, self.at = self.at, self.total

    def _search(self) -> None:
        """Look through one more window for a place to go on at."""
        stop = min(self.at + WINDOW, self.total)
        window = self._octets[self.at : min(stop + HEADER - 1, self.total)]
        for place in headers_in(window, self.total).tolist():
            start = self.at + place
            if start > self.gap and self._is_record(start):
                self._end_gap(start)
                self.at = start
                return
        self.at = stop
        if self.at == self.total:
            self._end_gap(self.total)

    def _is_record(self, start: int) -> bool:
        try:
            return self.record(start)[1]
        except ValueError:
            return False

    def _end_gap(self, end: int) -> None:
        if end == self.total and not self._octets[self.gap :].any():
            self.zeros = self.gap
        elif len(self.gaps) < MOST_GAPS:
            self.gaps.append((self.gap, end))
        self.gap = -1

    def record(self, start: int) -> tuple[bytes, bool]:
        if start + BESIDE > self.total:
            raise ValueError(f"no record begins at byte {start:,}")
        length, right = length_at(self._memory, start)
        end = start + HEADER + length
        if end + FOOTER > self.total:
            raise ValueError(f"the record at byte {start:,} reaches beyond the file")
        if length > MAX_INFLATED:
            raise ValueError(f"a record of {length:,} bytes is larger than any that is read here")
        data = bytes(self._memory[start + HEADER : end])
        return data, right and data_is_whole(data, bytes(self._memory[end : end + FOOTER]))


_FAR = 1 << 62
"""A place behind the end of any stream."""


class StreamWalk(RecordWalk):
    """Through what a compressed file inflates to. Behind a length that leads nowhere it does not go on."""

    def __init__(self, memory: memoryview, stream: InflatedStream) -> None:
        super().__init__()
        self._memory = memory
        self._stream = stream

    @property
    def total(self) -> int:
        return self.at if self._stream.size is None else self._stream.size

    @property
    def _most(self) -> int:
        return 1 << 62

    def step(self, seconds: float) -> tuple[int, int]:
        deadline = time.monotonic() + seconds
        while not self.done and (seconds > 0 or not self.starts):
            if self.gap >= 0:
                if self._stream.read(_FAR, 1, deadline) is None:
                    break
                self._end()
                break
            header = self._stream.read(self.at, HEADER, deadline)
            if header is None or self._follow(header) or (len(self.starts) % 64 == 0 and time.monotonic() >= deadline):
                break
        total = len(self._memory)
        return (total, total) if self.done else (min(self._stream.stored, total - 1), total)

    def _follow(self, header: bytes) -> bool:
        """Note the record whose header this is; True at the end."""
        if len(header) < HEADER:
            self._end()
            return True
        length, right = length_at(header, 0)
        if right:
            self._resolve(len(self.starts))
        elif not 0 < length <= LONGEST_DOUBTED:
            self._give_up_doubtful()
            self.gap = self.at
            return False
        elif self.doubt < 0:
            self.doubt = len(self.starts)
        self.starts.append(self.at)
        self.at += BESIDE + length
        return False

    def _end(self) -> None:
        """The stream is at its end, in whatever way; behind a length that leads nowhere all of it was inflated, so that
        it is known whether the compressed data themselves are damaged."""
        size, self.done = self._stream.size or 0, 1
        if self._stream.damage is not None:
            self.damaged = self._stream.damage[0]
        self.unfinished = int(self._stream.unfinished)
        if self.gap >= 0:
            self.gaps, self.gap = [(self.gap, -1)], -1
        elif size == self.at:
            self._resolve(len(self.starts))
        elif self._give_up_doubtful():
            self.gaps = [(self.at, -1)]
        elif size > self.at:
            self.cut = self.at
        elif self.starts:
            self.lacking, self.cut = self.at - size, self.starts.pop()
            self.at = self.cut

    def record(self, start: int) -> tuple[bytes, bool]:
        header = self._stream.read(start, HEADER) or b""
        if len(header) < HEADER:
            raise ValueError(f"no record begins at byte {start:,} of what the file inflates to")
        length, right = length_at(header, 0)
        data = self._stream.read(start + HEADER, length + FOOTER) or b""
        if len(data) < length + FOOTER:
            raise ValueError(f"the record at byte {start:,} of what the file inflates to breaks off")
        return data[:length], right and data_is_whole(data[:length], data[length:])


def walk_of(memory: memoryview, at_once: int = AT_ONCE) -> tuple[RecordWalk, InflatedStream | None]:
    """The way through a file, and what it inflates to where it is compressed: by its bytes, whatever its name."""
    head = bytes(memory[: 1 << 16])
    wrapping = wrapping_of(head)
    if wrapping is None or begins_with_record(head):
        return PlainWalk(memory, at_once), None
    stream = InflatedStream(memory, wrapping)
    return StreamWalk(memory, stream), stream
