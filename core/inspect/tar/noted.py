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

MOST_ENDINGS = 4096
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
        self._numbers = {ending: number for number, ending in enumerate(self.endings)}

    def of(self, members: Members, memory: npt.NDArray[np.uint8]) -> Noted:
        """What there is to note of members of the archive in `memory`."""
        digest, known = checksums.of_bytes, self._numbers.get
        rows, hashes = [], []
        for name in members.all_names():
            base = name.rfind(b"/") + 1
            first = last = name.find(b".", base)
            if first < 0:
                first = last = len(name)
                ending = 0
            else:
                last = name.rfind(b".", base)
                ending = known(name[last + 1 :], -1)
                if ending < 0:
                    ending = self._number(name[last + 1 :])
            key = digest(name[:first])
            other = key if last == first else digest(name[:last])
            hashes.append((key, other, ending or digest(name[last:])))
            role = HIDDEN if first == base else NOTE if name[:2] == b"__" and META.match(name) else SAMPLE
            rows.append((first, last, ending, role))
        columns = np.array(rows, np.int64).reshape(-1, 4)
        hashed = np.array(hashes, np.uint64).reshape(-1, 3)
        roles = np.where(np.isin(members.types, list(_REGULAR)), columns[:, 3], NO_FILE).astype(np.uint8)
        endings = columns[:, 2].astype(np.uint16)
        return Noted(
            columns[:, 0].astype(np.uint16),
            columns[:, 1].astype(np.uint16),
            hashed[:, 0],
            hashed[:, 1],
            hashed[:, 1] * _MIX ^ hashed[:, 2],
            endings,
            roles,
            self._labels(members, memory, endings, roles),
        )

    def _number(self, ending: bytes) -> int:
        """The number of an ending that is new."""
        if len(self.endings) >= MOST_ENDINGS or len(ending) > 32:
            return 0
        self.endings.append(ending)
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
        number = self._numbers.get(b"cls")
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
