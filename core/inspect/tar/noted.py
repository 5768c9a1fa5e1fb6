"""What is noted of each member in the walk: where its key ends by either rule, its ending, and its label.

A name is a key and a field. webdataset and Hugging Face's `datasets` end the key at the first dot behind the last
slash, file managers and most others at the last one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...base import checksums
from ...formats.webdataset.tar_layout import BLOCK
from ...formats.webdataset.tar_walk import Members

META = re.compile(rb"__[^/]*__($|/)")
"""Names of members that webdataset passes over."""

MOST_ENDINGS, LONGEST_ENDING = 4096, 32
LONGEST_LABEL = 18
NO_LABEL = -(1 << 63)

SAMPLE, NOTE, HIDDEN, NO_FILE = range(4)
"""Roles of a member: part of a sample; passed over by its name (`__x__`); hidden (".x"); no regular file."""

_REGULAR = frozenset(b"07")
_MIX = np.uint64(0x9E3779B97F4A7C15)

Numbers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Noted(NamedTuple):
    """Of members, in order: `first`, `last`: uint16 (n,), bytes of the key that ends at the first and at the last dot
    (all of the name where it has none); `first_key`, `last_key`, `whole`: uint64 (n,), XXH3-64 of either key, and a
    number that stands for the whole name; `endings`: uint16 (n,), what follows the last dot, as a number (0: none, or
    one of too many); `roles`: uint8 (n,); `labels`: int64 (n,), the number in a `.cls`."""

    first: npt.NDArray[np.uint16]
    last: npt.NDArray[np.uint16]
    first_key: Hashes
    last_key: Hashes
    whole: Hashes
    endings: npt.NDArray[np.uint16]
    roles: npt.NDArray[np.uint8]
    labels: Numbers


class Notes:
    """Notes of one archive; `endings`: their texts, by number."""

    def __init__(self, endings: list[bytes] | None = None) -> None:
        self.endings: list[bytes] = endings or [b""]
        self._numbers = {b"." + ending: number for number, ending in enumerate(self.endings) if number}

    def of(self, members: Members, memory: npt.NDArray[np.uint8]) -> Noted:
        """What there is to note of members of the archive in `memory`."""
        digest = checksums.of_bytes
        starts, base, first, last = _places(members)
        arena, begins, stops = members.names.tobytes(), starts.tolist(), last.tolist()
        last_key = np.array([digest(arena[at:to]) for at, to in zip(begins, stops, strict=True)], np.uint64)
        first_key = last_key.copy()
        for place in np.flatnonzero(first != last).tolist():
            first_key[place] = digest(arena[begins[place] : first[place]])
        known, texts = (
            self._numbers.get,
            [arena[at:to] for at, to in zip(stops, members.name_ends.tolist(), strict=True)],
        )
        found = [known(text, -1) for text in texts]
        endings = np.array([self._number(texts[at]) if one < 0 else one for at, one in enumerate(found)], np.uint16)
        rest = endings.astype(np.uint64)
        for place in np.flatnonzero(endings == 0).tolist():
            rest[place] = digest(texts[place])
        roles = np.where(first == base, HIDDEN, SAMPLE).astype(np.uint8)
        for place in _begin_with_underscores(members, starts):
            roles[place] = NOTE if META.match(members.name(place)) else roles[place]
        roles[~np.isin(members.types, list(_REGULAR))] = NO_FILE
        return Noted(
            (first - starts).astype(np.uint16),
            (last - starts).astype(np.uint16),
            first_key,
            last_key,
            last_key * _MIX ^ rest,
            endings,
            roles,
            self._labels(members, memory, endings, roles),
        )

    def _number(self, ending: bytes) -> int:
        """The number of an ending (with its dot) that was not known before this batch."""
        if ending not in self._numbers:
            if len(self.endings) >= MOST_ENDINGS or not 0 < len(ending) <= LONGEST_ENDING:
                return 0
            self.endings.append(ending[1:])
            self._numbers[ending] = len(self.endings) - 1
        return self._numbers[ending]

    def _labels(
        self,
        members: Members,
        memory: npt.NDArray[np.uint8],
        endings: npt.NDArray[np.uint16],
        roles: npt.NDArray[np.uint8],
    ) -> Numbers:
        """The numbers in `.cls` members, read as the walk passes them."""
        labels = np.full(len(endings), NO_LABEL, np.int64)
        number = self._numbers.get(b".cls")
        if number is None:
            return labels
        chosen = np.flatnonzero((endings == number) & (roles == SAMPLE) & (members.sizes <= LONGEST_LABEL))
        if not len(chosen):
            return labels
        blocks = memory[: len(memory) // BLOCK * BLOCK].reshape(-1, BLOCK)
        places = members.offsets[chosen] // BLOCK
        inside = places < len(blocks)
        chosen, places = chosen[inside], places[inside]
        labels[chosen] = _numbers_in(blocks[places, :LONGEST_LABEL], members.sizes[chosen])
        return labels


def _places(members: Members) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """(where each name begins, its part behind the last slash, the first and the last dot there), int64 (n,), places in
    `members.names`; the end of the name where it has no dot."""
    names, ends = members.names, members.name_ends
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64) if len(ends) else ends
    slashes = np.append(np.flatnonzero(names == ord("/")), -1)
    before = slashes[np.searchsorted(slashes[:-1], ends) - 1]
    base = np.where(before >= starts, before + 1, starts)
    dots = np.append(np.flatnonzero(names == ord(".")), len(names))
    first = np.minimum(dots[np.searchsorted(dots[:-1], base)], ends)
    last = np.where(first < ends, dots[np.searchsorted(dots[:-1], ends) - 1], ends)
    return starts, base, first, last


def _begin_with_underscores(members: Members, starts: Numbers) -> list[int]:
    names = np.append(members.names, [0, 0])
    found: list[int] = np.flatnonzero((names[starts] == ord("_")) & (names[starts + 1] == ord("_"))).tolist()
    return found


def _numbers_in(rows: npt.NDArray[np.uint8], sizes: Numbers) -> Numbers:
    """Decimal digits at the beginning of each row, uint8 (n, 18), with white space behind; else NO_LABEL."""
    values = np.zeros(len(rows), np.int64)
    counts = np.zeros(len(rows), np.int64)
    good, digits = np.ones(len(rows), bool), np.ones(len(rows), bool)
    for place in range(rows.shape[1]):
        byte, there = rows[:, place].astype(np.int64), place < sizes
        digit = (byte >= 0x30) & (byte <= 0x39) & digits & there
        values = np.where(digit, 10 * values + byte - 0x30, values)
        counts += digit
        digits &= digit
        good &= ~there | digit | (np.isin(byte, list(b" \r\n\t")) & (counts > 0))
    return np.where(good & (counts > 0), values, NO_LABEL)
