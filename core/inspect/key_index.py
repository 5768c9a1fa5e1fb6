"""The keys of a file's records as text, end to end in blocks: kept once they were read, and searched as bytes.

A search for part of a key then takes what comparing bytes takes (a million keys: 10 ms), not a call per record. A block
is made when it is first searched, so that a search can still be stopped anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ..base.contracts import Labels

BLOCK = 1024
"""Records of a block whose keys are asked for one by one."""

MOST_KEPT = 1 << 27
"""128 MiB of keys are kept; blocks beyond are made anew by each search."""

LARGEST = 1 << 24
"""Bytes of a block's keys; where they have more, they are searched one by one and not kept."""


class KeyBlock:
    """Keys of neighbouring records in UTF-8, end to end; `ends`: where each ends, (n,), ascending."""

    def __init__(self, data: bytes, ends: npt.NDArray[np.int32]) -> None:
        self._data = data
        self._ends = ends
        self.size = len(data) + ends.nbytes

    def search(self, text: bytes, how: str) -> Labels:
        """The places, ascending, of keys that begin with `text` (`how` "prefix") or have it in them ("contains").

        UTF-8 has no character's bytes within another's, so bytes that agree are characters that agree.
        """
        if self._data.find(text) < 0:
            return np.empty(0, np.int64)
        data, last = np.frombuffer(self._data, np.uint8), len(self._data) - len(text)
        if how == "prefix":
            begins = np.concatenate([[0], self._ends[:-1]])
            at = begins[(begins <= last) & (begins < self._ends)]
        else:
            at = np.arange(0, last + 1)
        for offset, byte in enumerate(text):
            at = at[data[at + offset] == byte]
        places = np.searchsorted(self._ends, at, "right")
        places = places[at + len(text) <= self._ends[places]]  # ascending; a key may have the text several times
        return places[np.diff(places, prepend=-1) > 0].astype(np.int64)


def block_of(keys: Iterable[str]) -> KeyBlock | None:
    """The block of these keys; None where they are too large for one."""
    encoded, size = [], 0
    for key in keys:
        encoded.append(as_bytes(key))
        size += len(encoded[-1])
        if size > LARGEST:
            return None
    return KeyBlock(b"".join(encoded), np.cumsum([len(key) for key in encoded], dtype=np.int32))


def as_bytes(text: str) -> bytes:
    """A key, or what is looked for in it, as it is compared; also names of files that are no Unicode."""
    return text.encode("utf-8", "surrogatepass")


class KeyIndex:
    """The keys of `total` records. `made` gives the block of the records start..stop, or None where it is too large;
    `key` gives one key, "" where it cannot be read."""

    def __init__(
        self, total: int, made: Callable[[int, int], KeyBlock | None], key: Callable[[int], str], block: int = BLOCK
    ) -> None:
        self._total, self._made, self._key, self._each = total, made, key, block
        self._kept: dict[int, KeyBlock] = {}
        self._room = MOST_KEPT

    @classmethod
    def one_by_one(cls, total: int, key: Callable[[int], str]) -> KeyIndex:
        """Of records whose keys are had no faster."""
        return cls(total, lambda start, stop: block_of(map(key, range(start, stop))), key)

    def search(self, text: str, how: str, start: int, stop: int) -> Sequence[int]:
        """See `records.Searchable`."""
        found: list[int] = self.positions(text, how, start, stop).tolist()
        return found

    def positions(self, text: str, how: str, start: int, stop: int) -> Labels:
        """The records start <= i < stop, int64, ascending, whose key begins with `text` or has it in it."""
        stop, wanted = min(stop, self._total), as_bytes(text)
        found = [np.empty(0, np.int64)]
        for number in range(start // self._each, -(-stop // self._each)):
            places = number * self._each + self._in_block(number, wanted, how)
            found.append(places[(places >= start) & (places < stop)])
        return np.concatenate(found)

    def _in_block(self, number: int, text: bytes, how: str) -> Labels:
        block = self._kept.get(number)
        if block is not None:
            return block.search(text, how)
        start = number * self._each
        stop = min(start + self._each, self._total)
        block = self._made(start, stop)
        if block is None:
            keys = (as_bytes(self._key(index)) for index in range(start, stop))
            fits = [key.startswith(text) if how == "prefix" else text in key for key in keys]
            return np.flatnonzero(fits).astype(np.int64)
        if block.size <= self._room:
            self._kept[number] = block
            self._room -= block.size
        return block.search(text, how)
