"""Files that the inspector has open: each in a reader process that all sessions share, its answers kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st

from core.contracts import Labels
from core.inspect.files import Cell, InspectedFile, Sample, open_inspected
from core.inspect.process import ReaderDied

T = TypeVar("T")

OPEN_FILES = 8
IDLE_SECONDS = 900


@dataclass(frozen=True)
class Span:
    """A part of a file's records: `start` <= i < `stop`. `stamp` changes whenever the file does."""

    path: str
    stamp: int
    start: int
    stop: int

    @classmethod
    def of_split(cls, store: Path, samples: dict[str, int], split: str) -> Span:
        """One split of a built store, whose records are its splits one after the other."""
        names = list(samples)
        start = sum(samples[name] for name in names[: names.index(split)])
        return cls(str(store), stamp_of(store / "manifest.json"), start, start + samples[split])

    def __len__(self) -> int:
        return self.stop - self.start


def stamp_of(path: Path) -> int:
    """Changes whenever a file is replaced or written to."""
    status = path.stat()
    return hash((status.st_mtime_ns, status.st_size, status.st_ino))


def cells(span: Span, positions: tuple[int, ...], edge: int) -> list[Cell]:
    """Some records of a span, made to fit `edge` pixels."""
    return _ask(span, lambda file: file.cells([span.start + position for position in positions], edge))


@st.cache_data(max_entries=64, show_spinner=False)
def sample(span: Span, position: int) -> Sample:
    """One record of a span, whole."""
    return _ask(span, lambda file: file.sample(span.start + position))


@st.cache_data(max_entries=8, show_spinner="Reading labels…")
def labels(span: Span) -> Labels | None:
    """The class numbers of a span, int64, where its file keeps them together."""
    numbers = _ask(span, lambda file: file.numbers())
    return None if numbers is None else numbers[span.start : span.stop]


@st.cache_data(max_entries=32, show_spinner="Looking for it…")
def find(span: Span, key: str) -> int | None:
    """The position in the span of a record by its key."""
    index = _ask(span, lambda file: file.find(key))
    return index - span.start if index is not None and span.start <= index < span.stop else None


@st.cache_data(max_entries=32, show_spinner=False)
def largest_edge(span: Span) -> int:
    """The longer side of the first record's image, in pixels; 0 where it is none."""
    shape = sample(span, 0).about["shape"] if len(span) else None
    return max(shape[:2]) if shape else 0


def positions_of(numbers: Labels | None, label: int | None, count: int) -> np.ndarray:
    """The positions with a label, or all of them."""
    if label is None or numbers is None:
        return np.arange(count)
    return np.flatnonzero(numbers == label)


def _ask(span: Span, question: Callable[[InspectedFile], T]) -> T:
    """Ask the file's reader; where it is gone (killed by the file, or released meanwhile), ask a new one once."""
    try:
        return question(_opened(span.path, span.stamp))
    except ReaderDied:
        _opened.clear(span.path, span.stamp)
        return question(_opened(span.path, span.stamp))


@st.cache_resource(max_entries=OPEN_FILES, ttl=IDLE_SECONDS, show_spinner=False, on_release=lambda file: file.close())
def _opened(path: str, stamp: int) -> InspectedFile:
    """`stamp` is part of the cache's key only: a store that was built again is another file."""
    return open_inspected(path)
