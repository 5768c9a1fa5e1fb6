"""Looking through the records of a file for a while: which have a key, which have a label, and what labels there are.

Everything here stops when its time is up and says how far it came, so that a million records never hold anybody up.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..base.contracts import Labels
from ..base.errors import InputError
from .key_index import KeyIndex
from .records import UNREADABLE, Label, Records, Searchable

WINDOW, KEY_WINDOW = 1024, 16_384
"""Records between two looks at the clock: where each is asked, and where the file searches its keys itself."""

PROBE = 256
"""Records whose labels tell how long all of them would take."""

MOST_LABELS = 1_000
"""Different labels that are counted one by one."""

HOW = ("prefix", "contains")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a text in the key ("prefix" or "contains" in `how`), a label, or both. None asks nothing."""

    key: str | None = None
    how: str = "prefix"
    label: Label = None

    def __post_init__(self) -> None:
        if self.how not in HOW:
            raise InputError(f"keys are searched by {' or '.join(HOW)}, not by {self.how!r}")


@dataclass(frozen=True, slots=True)
class Census:
    """How often each label occurs, the most frequent first, among `looked` of `total` records.

    `others` counts the records whose label is not among `counts`, `none` those without a label.
    """

    counts: Sequence[tuple[int | str, int]]
    others: int
    none: int
    looked: int
    total: int

    @property
    def exact(self) -> bool:
        return self.looked == self.total


def matching(
    records: Records,
    numbers: Labels | None,
    wanted: Wanted,
    start: int,
    seconds: float,
    most: int,
    keys: KeyIndex | None = None,
) -> tuple[Labels, int]:
    """(positions, end): which of the records start..end match, int64, ascending. `numbers`: `records.numbers()`;
    `keys`: `keys_of(records)`, where it is kept for the next search.

    Stops at the file's end, when the time is up, or soon after `most` have been found.
    """
    if not wanted.key and wanted.label is not None and numbers is not None:
        return start + np.flatnonzero(numbers[start:] == wanted.label), len(records)
    deadline = time.monotonic() + seconds
    found: list[int] = []
    end, total = start, len(records)
    own = isinstance(records, Searchable)
    search = records.search if isinstance(records, Searchable) else (keys or keys_of(records)).search
    window = KEY_WINDOW if wanted.key and own else WINDOW
    while end < total and len(found) < most:
        stop = min(end + window, total)
        indices = search(wanted.key, wanted.how, end, stop) if wanted.key else range(end, stop)
        found += _with_label(records, numbers, wanted.label, indices)
        end = stop
        if time.monotonic() >= deadline:
            break
    return np.asarray(found, np.int64), end


def keys_of(records: Records) -> KeyIndex:
    """The keys of records that search them no faster themselves."""
    return KeyIndex.one_by_one(len(records), lambda index: _key(records, index))


def _key(records: Records, index: int) -> str:
    try:
        return records.key(index)
    except UNREADABLE:
        return ""


def _with_label(records: Records, numbers: Labels | None, label: Label, indices: Sequence[int]) -> list[int]:
    if label is None:
        return list(indices)
    if numbers is not None:
        return [index for index in indices if numbers[index] == label]
    return [index for index in indices if label_or_none(records, index) == label]


def label_or_none(records: Records, index: int) -> Label:
    """A record's label, None where it cannot be read."""
    try:
        return records.label(index)
    except UNREADABLE:
        return None


def census(records: Records, numbers: Labels | None, seconds: float) -> Census:
    """Count the labels: all of them where there is time for it, else those of records evenly spread over the file."""
    total = len(records)
    if numbers is not None:
        return of_numbers(numbers)
    began = time.monotonic()
    probed = [label_or_none(records, index) for index in spread(total, PROBE)]
    if len(probed) == total:
        return _counted(probed, total)
    rate = len(probed) / max(time.monotonic() - began, 1e-6)
    count = min(total, max(PROBE, int(rate * seconds)))
    return _counted([label_or_none(records, index) for index in spread(total, count)], total)


def spread(total: int, count: int) -> Sequence[int]:
    """`count` positions evenly spread over 0..total, or all of them."""
    if count >= total:
        return range(total)
    return (np.arange(count, dtype=np.int64) * total // count).tolist()


def of_numbers(numbers: Labels) -> Census:
    """The census of labels that are all known."""
    values, counts = np.unique(numbers, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_LABELS]
    kept = [(int(values[place]), int(counts[place])) for place in order]
    return Census(kept, len(numbers) - sum(count for _, count in kept), 0, len(numbers), len(numbers))


def _counted(labels: list[Label], total: int) -> Census:
    counter = Counter(labels)
    none = counter.pop(None, 0)
    kept = [(label, count) for label, count in counter.most_common(MOST_LABELS) if label is not None]
    return Census(kept, len(labels) - none - sum(count for _, count in kept), none, len(labels), total)
