"""Whether the pixels of samples lie in the memory of processes: what a loader that keeps decoded images cannot hide.

All writable memory that is there (proc_pid_pagemap(5)) is read once (proc_pid_mem(5)). A piece of a row of each sample
is looked for in the forms in which images are held: bytes with the channels last, as Pillow keeps them (four bytes a
pixel) or with the channels first, and float32 of 0..1 or normalised, either way round. Where a word of four bytes is in
a piece, all of it is compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic

import numpy as np
import numpy.typing as npt

from ..inside.work import MEAN, STD

PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 15.0
"""Seconds; a GB takes about two."""

AT_ONCE = 1 << 24
"""Bytes that are read at a time."""

MULTIPLIER = np.uint32(2654435761)
BITS = 20
"""Of a hash: a word in a thousand has that of a piece."""

LENGTH = 12
"""Pixels of a piece."""

RARE = 3
"""Different bytes of a word by which a piece is found."""

NUMBERS = 6
"""By which a piece of float32 is found."""

Numbers = npt.NDArray[np.float32]

NEARLY = 1e-4
"""Of a normalised number: who computes it in another order is as far off."""

PRESENT, SWAPPED = np.uint64(1 << 63), np.uint64(1 << 62)


class Pieces:
    """Pieces of samples, and where they are looked for."""

    def __init__(self) -> None:
        self._bytes: dict[int, list[tuple[int, bytes, int]]] = {}
        self._floats: dict[int, list[tuple[int, Numbers]]] = {}
        self._table = np.zeros(1 << BITS, np.bool_)
        self._words = np.zeros(0, np.uint32)
        self._numbers = np.zeros((NUMBERS, 1 << BITS), np.bool_)
        self.found: set[int] = set()

    def add(self, sample: int, pixels: npt.NDArray[np.uint8], random: np.random.Generator) -> bool:
        """A piece of an image, (H, W, 3). False where it has none that is told from others: a plain one."""
        height, width = pixels.shape[:2]
        for _ in range(20):
            row, start = int(random.integers(height)), int(random.integers(max(width - LENGTH, 0) + 1))
            piece = pixels[row, start : start + LENGTH]
            if self._add_bytes(sample, piece):
                self._add_floats(sample, piece)
                return True
        return False

    def _add_bytes(self, sample: int, piece: npt.NDArray[np.uint8]) -> bool:
        padded = np.full((len(piece), 4), 255, np.uint8)
        padded[:, :3] = piece
        anchors = []
        for form in (piece.tobytes(), padded.tobytes(), piece[:, 1].tobytes()):
            for shift in range(4):  # memory is read in words, and a piece begins anywhere
                at = max(range(shift, len(form) - 3, 4), key=lambda place: _rarity(form[place : place + 4]), default=0)
                anchors.append((form, at))
        if min(_rarity(form[at : at + 4]) for form, at in anchors) < RARE:
            return False
        for form, at in anchors:
            word = int.from_bytes(form[at : at + 4], "little")
            self._bytes.setdefault(word, []).append((sample, form, at))
        return True

    def _add_floats(self, sample: int, piece: npt.NDArray[np.uint8]) -> None:
        usable = ((piece[:-6] > 2) & (piece[:-6] < 253)).all(1)  # zeros and ones are everywhere
        shown = piece[int(np.argmax(usable)) :].astype(np.float64) / 255
        for numbers in (shown[:, 1], shown.ravel(), ((shown - MEAN) / STD)[:, 1], ((shown - MEAN) / STD).ravel()):
            form = numbers.astype(np.float32)
            near = form[:NUMBERS].view(np.uint32) + np.arange(-3, 4, dtype=np.int64)[:, None]  # rounded otherwise
            for place, words in enumerate(near.T.astype(np.uint32)):
                self._numbers[place, _hashes(words)] = True
            for word in near[:, 0].tolist():
                self._floats.setdefault(word, []).append((sample, form))

    def ready(self) -> None:
        """Once all are added."""
        self._words = np.array(sorted(self._bytes), np.uint32)
        self._table[_hashes(self._words)] = True

    def look(self, memory: bytes) -> None:
        """Look for all of them in a piece of memory."""
        words = np.frombuffer(memory, np.uint32, len(memory) // 4)
        hashes = _hashes(words)
        places = np.flatnonzero(self._table[hashes])
        for place in places[np.isin(words[places], self._words)].tolist():
            self._compare_bytes(memory, int(words[place]), place)
        places = np.flatnonzero(self._numbers[0][hashes[: len(hashes) - NUMBERS]])
        for number in range(1, NUMBERS):  # a batch has few different numbers, so one alone is found everywhere
            places = places[self._numbers[number][hashes[places + number]]]
        with np.errstate(all="ignore"):  # what lies there need not be numbers
            for place in places.tolist():
                self._compare_floats(words, place)

    def _compare_bytes(self, memory: bytes, word: int, place: int) -> None:
        for sample, form, at in self._bytes[word]:
            start = 4 * place - at
            if sample not in self.found and start >= 0 and memory[start : start + len(form)] == form:
                self.found.add(sample)

    def _compare_floats(self, words: npt.NDArray[np.uint32], place: int) -> None:
        for sample, numbers in self._floats.get(int(words[place]), ()):
            there = words[place : place + len(numbers)].view(np.float32)
            if len(there) == len(numbers) and np.abs(there - numbers).max() < NEARLY:
                self.found.add(sample)


def _rarity(word: bytes) -> int:
    """How many different bytes it has that are not everywhere in memory."""
    return len(set(word) - {0, 255})


def _hashes(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    hashes: npt.NDArray[np.uint32] = (words * MULTIPLIER) >> np.uint32(32 - BITS)
    return hashes


def look_into(pieces: Pieces, pids: Sequence[int], most: int) -> bool:
    """Look into the memory of processes, until `most` samples are found. False where it may not be read, the system
    has no way to (it is not Linux), or it takes longer than `PATIENCE`."""
    began = monotonic()
    for pid in pids:
        try:
            for memory in _memory_of(pid):
                pieces.look(memory)
                if monotonic() - began > PATIENCE:
                    return False
                if len(pieces.found) >= most:
                    return True
        except FileNotFoundError:
            if not Path("/proc/self/pagemap").exists():
                return False
        except ProcessLookupError:
            continue  # it has ended
        except OSError:
            return False
    return True


def _memory_of(pid: int) -> Iterator[bytes]:
    """The writable memory of a process, in pieces of which each begins a little before the last one's end."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        for line in maps:
            span, permissions = line.split(maxsplit=2)[:2]
            if not permissions.startswith("rw"):
                continue
            start, stop = (int(part, 16) for part in span.split("-"))
            for first, last in _there(pagemap.fileno(), start // PAGE, stop // PAGE):
                for place in range(first * PAGE, last * PAGE, AT_ONCE - PAGE):
                    yield os.pread(memory.fileno(), min(AT_ONCE, last * PAGE - place), place)


def _there(pagemap: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Runs of pages that a process has, of those from `first` to `last`."""
    for begin in range(first, last, 1 << 20):
        end = min(last, begin + (1 << 20))
        entries = np.frombuffer(os.pread(pagemap, 8 * (end - begin), 8 * begin), np.uint64)
        there = np.concatenate([[0], (entries & (PRESENT | SWAPPED) != 0).astype(np.int8), [0]])
        edges = np.flatnonzero(np.diff(there)).reshape(-1, 2)
        yield from ((begin + int(start), begin + int(stop)) for start, stop in edges)
