"""All members of a tar archive, by a walk over its headers: POSIX ustar and pax, GNU and old ones.

The walk goes from header to header, as it must, and takes from each only what leads to the next one. Checksums and
names are then looked at for many headers at once. No number is followed that leads outside of the archive or backwards,
so the walk ends; long names, pax records and members are bounded in number and size.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .pax import PaxError, pax_records
from .tar_headers import LONGEST_NAME, Places, checksums_hold, end_with_slash, names_in, size_in
from .tar_layout import BLOCK, KIND, MAGIC, SIZE, padded

BATCH = 4096
"""Headers that are looked at together."""

MOST_MEMBERS = 8_000_000
SEARCHED = 1 << 26
"""Bytes behind a damaged header in which the next one is looked for."""

DAMAGED = "the header at byte "
_USTAR = np.frombuffer(b"ustar", np.uint8)

MOST_PAX = 1 << 20
"""Bytes of a pax header, or of a GNU long name."""

REGULAR, CONTIGUOUS, SPARSE = b"0", b"7", b"S"
HARD_LINK, LINK, DIRECTORY = b"1", b"2", b"5"
WITHOUT_DATA = frozenset(b"123456")
GNU_NAME, GNU_LINK, PAX, PAX_GLOBAL, SOLARIS_PAX = b"LKxgX"
_ABOUT_THE_NEXT = frozenset((GNU_NAME, GNU_LINK, PAX, PAX_GLOBAL, SOLARIS_PAX))

_FIELDS = struct.Struct("12s20xB")
"""From SIZE on: the size, mtime and checksum passed over, the type."""


class Members(NamedTuple):
    """Members in the archive's order.

    `headers`, `offsets`, `sizes`: int64 (n,), the place of the header, of the member's bytes, and their number;
    `types`: uint8 (n,), ASCII, old archives' 0 as "0"; sparse ones are "S" however they are written. `names`: uint8
    (bytes,), all names end to end; `name_ends`: int64 (n,), where in it each ends.
    """

    headers: Places
    offsets: Places
    sizes: Places
    types: npt.NDArray[np.uint8]
    names: npt.NDArray[np.uint8]
    name_ends: Places

    def name(self, index: int) -> bytes:
        start = int(self.name_ends[index - 1]) if index else 0
        return self.names[start : int(self.name_ends[index])].tobytes()

    def all_names(self) -> list[bytes]:
        arena, start, found = self.names.tobytes(), 0, []
        for end in self.name_ends.tolist():
            found.append(arena[start:end])
            start = end
        return found


def joined(parts: list[Members]) -> Members:
    """Members of several steps as one."""
    if not parts:
        none = np.empty(0, np.int64)
        return Members(none, none, none, np.empty(0, np.uint8), np.empty(0, np.uint8), none)
    shifts = np.cumsum([0, *(len(part.names) for part in parts[:-1])])
    ends = [part.name_ends + shift for part, shift in zip(parts, shifts.tolist(), strict=True)]
    columns = [np.concatenate([part[column] for part in parts]) for column in range(5)]
    return Members(columns[0], columns[1], columns[2], columns[3], columns[4], np.concatenate(ends))


class TarWalk:
    """A walk through the archive in `memory` (uint8 (bytes,), C-contiguous).

    `position`: where the next header is looked for; `ended`: whether there is nothing more to walk through; `problem`:
    what is wrong with the archive at `position`, where the walk ended early.
    """

    def __init__(
        self,
        memory: npt.NDArray[np.uint8],
        position: int = 0,
        members: int = 0,
        most: int = MOST_MEMBERS,
        batch: int = BATCH,
    ) -> None:
        """From `position`, a header's place, on, behind so many members, to `most` of them in all; in steps of `batch`
        headers.

        Raises ValueError for what is no place of a header.
        """
        if position % BLOCK or not 0 <= position <= padded(len(memory)) or members < 0:
            raise ValueError("a walk begins at a header")
        self._blocks = memory[: len(memory) // BLOCK * BLOCK].reshape(-1, BLOCK)
        self._memory = memory.data
        self._size = len(memory)
        self.position = position
        self.members = members
        self._most = most
        self._batch = batch
        self.ended = False
        self.end_mark = False
        self.problem: str | None = None
        self._sizes: dict[bytes, int] = {}

    def step(self) -> Members:
        """The next members, some thousands at most; none only where the walk has ended."""
        while not self.ended:
            found = _Batch()
            self._hop(found)
            members = self._looked_at(found)
            if len(members.headers):
                self.members += len(members.headers)
                return members
        return joined([])

    def steps(self, seconds: float | None = None) -> Iterator[Members]:
        """Steps until the walk has ended, or this time is up."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self.ended and (deadline is None or time.monotonic() < deadline):
            yield self.step()

    def skip_damage(self) -> bool:
        """Go on behind a header that is damaged, where the next one that holds lies not too far away (`SEARCHED`)."""
        if self.problem is None or not self.problem.startswith(DAMAGED):
            return False
        first = self.position // BLOCK + 1
        rows = self._blocks[first : first + SEARCHED // BLOCK]
        for place in np.flatnonzero((rows[:, MAGIC.start : MAGIC.start + 5] == _USTAR).all(axis=1)).tolist():
            if checksums_hold(rows[place : place + 1])[0]:
                self.position, self.problem, self.ended = (first + place) * BLOCK, None, False
                return True
        return False

    # ---- from header to header

    def _hop(self, found: _Batch) -> None:
        memory, total, position = self._memory, self._size, self.position
        sizes, fields = self._sizes, _FIELDS.unpack_from
        headers, lengths, most = found.headers, found.sizes, self._most - self.members
        while len(headers) < self._batch or found.told:
            if position + BLOCK > total or not memory[position] or len(headers) >= most:
                found.finished, found.stop = True, self._why_no_header(position, self.members + len(headers))
                break
            written, kind = fields(memory, position + SIZE)
            size = sizes.get(written)
            if size is None:
                size = self._learned(written)
            elif kind == REGULAR[0] and size >= 0 and not found.told:
                headers.append(position)
                lengths.append(size)
                position += BLOCK + (size + BLOCK - 1 & -BLOCK)
                continue
            if size < 0:
                found.finished, found.stop = True, _damaged(position, "its size is no number")
                break
            if kind in _ABOUT_THE_NEXT:
                found.stop = self._noted(found, position, size, kind)
                if found.stop is not None:
                    found.finished = True
                    break
            elif found.told:
                size = self._applied(found, size)
            headers.append(position)
            lengths.append(size)
            if kind == SPARSE[0]:
                position += self._extended(found, position)
            position += BLOCK + (0 if kind in WITHOUT_DATA else -(-size // BLOCK) * BLOCK)
        found.next = position

    def _learned(self, written: bytes) -> int:
        if len(self._sizes) > 1 << 16:
            self._sizes.clear()
        size = self._sizes[written] = size_in(written)
        return size

    def _why_no_header(self, position: int, members: int) -> str | None:
        """What is wrong where the next header should be; None for the archive's end."""
        left = self._size - position
        if left > 0 and members >= self._most:
            return f"only the first {self._most:,} members are looked at"
        if left <= 0:
            return None if left == 0 else f"the archive is cut off: its last member ends {-left:,} bytes behind it"
        block = self._memory[position : position + BLOCK]
        if not any(block):
            self.end_mark = True
            return None
        if left < BLOCK:
            return f"the archive is cut off in a header, at byte {position:,}"
        return _damaged(position, "its name is empty")

    def _noted(self, found: _Batch, position: int, size: int, kind: int) -> str | None:
        """Note what a header says about the next member; the reason why it cannot be followed, or None."""
        if size > MOST_PAX:
            return _damaged(position, f"it has {size:,} bytes about the next member")
        if len(found.headers) > 2 * BATCH:
            return _damaged(position, "thousands of headers are about one member")
        data = bytes(self._memory[position + BLOCK : position + BLOCK + size])
        try:
            if kind == GNU_NAME:
                found.told["path"] = data.partition(b"\0")[0]
            elif kind in (PAX, SOLARIS_PAX):
                found.told |= pax_records(data)
        except PaxError as error:
            return _damaged(position, str(error))
        return None

    def _applied(self, found: _Batch, size: int) -> int:
        """The member's size after what was said about it before."""
        place = len(found.headers)
        told, found.told = found.told, {}
        path = told.get("GNU.sparse.name", told.get("path"))
        if path is not None:
            found.names[place] = path[: LONGEST_NAME + 1]
        if any(name.startswith("GNU.sparse.") for name in told):
            found.sparse.append(place)
        given = told.get("size", b"")
        return int(given) if given.isdigit() and len(given) < 19 else size

    def _extended(self, found: _Batch, position: int) -> int:
        """Bytes of further headers behind that of an old GNU sparse member."""
        at, more = position + BLOCK, self._memory[position + 482] != 0
        while more and at + BLOCK <= self._size:
            more = self._memory[at + 504] != 0
            at += BLOCK
        found.shifts[len(found.headers) - 1] = at - position - BLOCK
        return at - position - BLOCK

    # ---- many headers at once

    def _looked_at(self, found: _Batch) -> Members:
        """The members of a batch; the walk ends where one of its headers is none, or leads outside."""
        headers = np.array(found.headers, np.int64)
        rows = self._blocks[headers // BLOCK]
        sizes = np.array(found.sizes, np.int64)
        types = rows[:, KIND]
        types[types == 0] = REGULAR[0]
        offsets = headers + BLOCK
        for place, shift in found.shifts.items():
            offsets[place] += shift
        outside = (offsets + sizes > self._size) & ~np.isin(types, list(WITHOUT_DATA))
        good = _first(~checksums_hold(rows))
        inside = _first(outside)
        kept = min(good, inside)
        self._end_of(found, good, inside)
        types[[place for place in found.sparse if place < len(types)]] = SPARSE[0]
        shown = np.flatnonzero(~np.isin(types[:kept], list(_ABOUT_THE_NEXT)))
        names, name_lengths = names_in(rows[:kept], types[:kept], found.names, shown)
        slashed = end_with_slash(names, name_lengths) & (types[shown] == REGULAR[0])
        types[shown[slashed]] = DIRECTORY[0]  # how archives before POSIX told folders
        return Members(headers[shown], offsets[shown], sizes[shown], types[shown], names, np.cumsum(name_lengths))

    def _end_of(self, found: _Batch, good: int, inside: int) -> None:
        """Where the walk stands after this batch."""
        count = len(found.headers)
        if min(good, inside) < count:
            place = min(good, inside)
            self.position, self.ended, self.end_mark = found.headers[place], True, False
            at = self.position
            if good <= inside:
                self.problem = _damaged(at, "its checksum is wrong")
            else:
                self.problem = f"the archive is cut off: the member at byte {at:,} goes on behind its end"
            return
        self.position, self.ended, self.problem = found.next, found.finished, found.stop


class _Batch:
    """What a number of hops have found. `told`: of the next member; `finished`: there is no further one; `stop`: why,
    where that is not the archive's end."""

    def __init__(self) -> None:
        self.headers: list[int] = []
        self.sizes: list[int] = []
        self.names: dict[int, bytes] = {}
        self.shifts: dict[int, int] = {}
        self.sparse: list[int] = []
        self.told: dict[str, bytes] = {}
        self.next = 0
        self.finished = False
        self.stop: str | None = None


def _first(true: npt.NDArray[np.bool_]) -> int:
    """The first place that is true, or their number."""
    return int(true.argmax()) if true.any() else len(true)


def _damaged(position: int, what: str) -> str:
    return f"{DAMAGED}{position:,} is damaged: {what}"
