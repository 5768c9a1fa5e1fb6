"""What lies beside a `.rec`: its `.idx` ("key\\toffset" a line, as `MXIndexedRecordIO` and `im2rec` write it) and its
`.lst` ("index\\tlabels...\\tpath")."""

from __future__ import annotations

import mmap
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .parts import FIRST, WHOLE, end_at, part_at

MOST_BYTES = 1 << 29
MOST_LIST_BYTES = 1 << 27
BLOCK = 1 << 24
PROBED = 256
"""Offsets of an index that are looked at."""

Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class KeyedOffsets:
    """keys, offsets: int64, in the order of the index; problem: why they cannot be used; path: of the index."""

    keys: Numbers
    offsets: Numbers
    problem: str | None
    path: Path


def index_beside(path: Path, data: mmap.mmap) -> KeyedOffsets | None:
    """The `.idx` of a file, checked against it; None where there is none."""
    beside = path.with_suffix(".idx")
    try:
        if beside == path or not beside.is_file() or beside.is_symlink():
            return None
        pairs = _pairs(beside)
    except OSError as error:
        return KeyedOffsets(_NONE, _NONE, f"it cannot be read: {error}", beside)
    if pairs is None:
        return KeyedOffsets(_NONE, _NONE, "it is not one whole number and one offset a line, or is too large", beside)
    keys, offsets = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    return KeyedOffsets(keys, offsets, _problem(data, offsets), beside)


_NONE = np.empty(0, np.int64)


def _pairs(path: Path) -> Numbers | None:
    """(n, 2) whole numbers of a text file, read in blocks of lines; None for any other text, and for none at all."""
    if not 0 < path.stat().st_size <= MOST_BYTES:
        return None
    found: list[Numbers] = []
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("error")
        while block := file.read(BLOCK) + file.readline(BLOCK):
            lines = block.count(b"\n") + (not block.endswith(b"\n"))
            try:
                numbers = np.fromstring(block.decode("ascii"), np.int64, sep=" ")
            except (ValueError, DeprecationWarning, OverflowError):
                return None
            if numbers.size != 2 * lines:
                return None
            found.append(numbers.reshape(-1, 2))
    return np.concatenate(found)


def _problem(data: mmap.mmap, offsets: Numbers) -> str | None:
    """Why an index is none of this file: offsets at which no record begins, or records that it leaves out."""
    ordered = np.sort(offsets)
    count = len(ordered)
    if ordered[0] < 0 or ordered[-1] >= len(data):
        return f"its offset {int(ordered[0] if ordered[0] < 0 else ordered[-1]):,} lies outside of the file"
    if ordered[0] != 0:
        return f"its first record begins at byte {int(ordered[0]):,}"
    places = np.unique(np.linspace(0, count - 1, min(count, PROBED)).astype(np.int64))
    for place in places.tolist():
        at = int(ordered[place])
        stop = int(ordered[place + 1]) if place + 1 < count else len(data)
        found = part_at(data, at)
        if found is None or found[0] not in (WHOLE, FIRST):
            return f"no record begins at its offset {at:,}"
        if end_at(data, at) != stop:
            return f"behind the record at byte {at:,} there is one that it does not name"
    return None


class ListedNames:
    """The lines of a `.lst` by their first number."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == 10)
        self._starts = np.concatenate([[0], ends + 1])
        ids = [
            int(first) if (first := self._line(place).partition(b"\t")[0]).isdigit() else -1
            for place in range(len(ends))
        ]
        self._ids = np.array(ids, np.int64)
        self._order = np.argsort(self._ids, kind="stable")
        ordered = self._ids[self._order]
        self.usable = bool(ordered.size) and int(ordered[0]) >= 0 and bool(np.all(ordered[1:] > ordered[:-1]))

    def _line(self, place: int) -> bytes:
        start = int(self._starts[place])
        return self._text[start : start + 4096].partition(b"\n")[0]

    def named(self, number: int) -> tuple[list[float], str] | None:
        """(labels, path) of a number; None where the list does not have it."""
        place = int(np.searchsorted(self._ids, number, sorter=self._order))
        if place >= len(self._order) or self._ids[self._order[place]] != number:
            return None
        cells = self._line(int(self._order[place])).decode("utf-8", "replace").rstrip("\r").split("\t")
        try:
            return [float(cell) for cell in cells[1:-1]], cells[-1]
        except ValueError:
            return [], cells[-1]


def list_beside(path: Path) -> ListedNames | None:
    """The `.lst` of a file, where its lines begin with a number each of their own."""
    beside = path.with_suffix(".lst")
    try:
        if beside == path or not beside.is_file() or beside.is_symlink() or beside.stat().st_size > MOST_LIST_BYTES:
            return None
        names = ListedNames(beside.read_bytes())
    except OSError:
        return None
    return names if names.usable else None
