"""A few of many: which cells of a dataset are looked at, and one item after the other of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def spread(cells: Sequence[T], count: int) -> list[T]:
    """At most `count` of the cells, evenly from the first to the last.

    >>> spread([0, 1, 2, 3, 4, 5], 3), spread("ab", 3)
    ([0, 2, 4], ['a', 'b'])
    """
    if len(cells) <= count:
        return list(cells)
    return [cells[number * len(cells) // count] for number in range(count)]


def cells_in_turn(splits: Sequence[str], classes: Sequence[str]) -> list[tuple[str, str]]:
    """Every (split, class), so that the first ones show as many classes and splits as they can.

    >>> cells_in_turn(["train", "val"], ["cat", "dog"])
    [('train', 'cat'), ('val', 'dog'), ('val', 'cat'), ('train', 'dog')]
    """
    turns = range(len(splits))
    return [(splits[(turn + at) % len(splits)], name) for turn in turns for at, name in enumerate(classes)]


def in_turn(cells: Sequence[Iterator[T]], count: int) -> Iterator[T]:
    """Up to `count` items: the first of each cell, then the second of each."""

    def turns() -> Iterator[T]:
        left = list(cells)
        while left:
            for cell in list(left):
                item = next(cell, None)
                if item is None:
                    left.remove(cell)
                else:
                    yield item

    return islice(turns(), count)
