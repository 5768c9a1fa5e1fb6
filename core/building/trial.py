"""A sample of payloads written with the real writer and read back: what a store occupies, and what writing it takes.

So an estimate needs to know no format: file system blocks of single files, pages of LMDB and chunks of HDF5 are counted
as they are made, on a small scale.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from ..base import checksums
from ..base.contracts import Contents
from ..stores.store import WORKPLACE, measure
from .recipe import Recipe

TRIAL_BYTES = 1 << 23
FEWEST, MOST = 4, 1024
"""Samples of a trial: as many as make `TRIAL_BYTES`, within these."""

MOST_FILES = 256
"""Where every sample is a file, so many: some file systems are slow for a while after many were deleted."""


class Trial(NamedTuple):
    """`overhead`: bytes that a sample occupies beyond its stored payload (less than 0 where the container compresses);
    `fixed`: bytes of an empty split; `seconds`: to write a sample and read it back."""

    overhead: float
    fixed: float
    seconds: float


def write_trial(recipe: Recipe, stored: Sequence[bytes], suffixes: Sequence[str], near: Path) -> Trial | None:
    """Write some of these stored payloads beside `near` (on the disk that is meant), or in the system's folder for
    temporary files; None where neither can be written to."""
    mean = sum(map(len, stored)) / len(stored)
    count = min(max(int(TRIAL_BYTES / max(mean, 1)), FEWEST), MOST)
    pairs = list(islice(cycle(zip(stored, suffixes, strict=True)), count))
    few = max(min(count, MOST_FILES) // 4, 1)
    for place in (near / WORKPLACE, None):
        try:
            with _folder(place) as folder:
                small = _written(recipe, pairs[:few], folder / "few")
                many = pairs[:MOST_FILES] if small.files >= few else pairs
                large = _written(recipe, many, folder / "many")
        except OSError:
            continue
        overhead = (large.beyond - small.beyond) / max(len(many) - few, 1)
        return Trial(overhead, max(small.beyond - overhead * few, 0.0), large.seconds / len(many))
    return None


class _Split(NamedTuple):
    """A split that was written: bytes that it occupies beyond its payload, its files, and the seconds it took."""

    beyond: int
    files: int
    seconds: float


@contextmanager
def _folder(place: Path | None) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="estimate-", dir=place) as name:
        yield Path(name)


def _written(recipe: Recipe, pairs: Sequence[tuple[bytes, str]], folder: Path) -> _Split:
    """Write a split of these payloads and read it back."""
    payloads, suffixes = [data for data, _ in pairs], [suffix for _, suffix in pairs]
    total = sum(map(len, payloads))
    folder.mkdir()
    path = folder / f"trial{recipe.format.ending}"
    began = time.perf_counter()
    writer = recipe.format.writer(path, _contents(recipe, len(pairs), total))
    try:
        writer.write(payloads, [0] * len(pairs), suffixes)
        writer.close()
    except BaseException:
        writer.abort()
        raise
    reader = recipe.format.reader(path)
    try:
        for payload in reader.read(range(len(pairs))):
            checksums.of_bytes(payload)
    finally:
        reader.close()
    seconds = time.perf_counter() - began
    sizes = measure(recipe.format, path, total)
    # A file system that puts off allocating tells too little just after a write.
    return _Split(max(sizes.allocated_bytes, sizes.used_bytes) - total, sizes.files, seconds)


def _contents(recipe: Recipe, samples: int, total: int) -> Contents:
    whole = recipe.contents(next(iter(recipe.dataset.splits)))
    return dataclasses.replace(whole, samples=samples, total_bytes=None if whole.total_bytes is None else total)
