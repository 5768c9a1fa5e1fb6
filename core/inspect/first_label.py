"""Whether the class numbers of records count from 1, as far as there is time to look at them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from .named_arrays.labels import one_based
from .records import UNREADABLE, Finding, Label
from .search import spread

SECONDS = 0.5
PASSES = (64, 1 << 10, 1 << 14, 1 << 18)
"""Labels that are looked at, evenly spread over the records: more of them while there is time."""

ENOUGH = 10
"""Labels that are looked at for each class, before it is said that there is none of a class."""


class Labelled(Protocol):
    """Records whose labels can be looked at one by one."""

    def __len__(self) -> int: ...

    def label(self, index: int) -> Label: ...


def labels_from_one(records: Labelled) -> Iterator[Finding]:
    """The finding that labels run from 1 to the number of classes. Nothing where labels are no numbers, or where too
    few could be looked at to be sure."""
    total, found = len(records), list[int]()
    deadline = time.monotonic() + SECONDS
    for count in PASSES:
        looked = _labels(records, count, deadline)
        if looked is None:
            break
        found = looked
        if not looked or len(looked) == total:
            break
    if found and min(found) == 1 and (len(found) == total or len(found) >= ENOUGH * max(found)):
        where = "all records" if len(found) == total else f"{len(found):,} records that were looked at"
        yield from one_based(np.array(found, np.int64), where)


def _labels(records: Labelled, count: int, deadline: float) -> list[int] | None:
    """The labels of so many records; none where one of them is no number from 1 on; None where the time is over."""
    found = []
    for index in spread(len(records), count):
        try:
            label = records.label(index)
        except UNREADABLE:
            continue
        if type(label) is not int or label < 1:
            return []
        found.append(label)
        if time.monotonic() > deadline:
            return None
    return found
