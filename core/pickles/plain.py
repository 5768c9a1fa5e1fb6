"""What counts as plain data, and how much of it one pickle may make."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..base.errors import InputError

MAX_OBJECTS = 2_000_000
MAX_DEPTH = 100
MAX_EXPANDED = 20_000_000
"""Values met on a walk through everything; more than `MAX_OBJECTS`, as an object may be referred to twice."""

MAX_SECONDS = 8.0
"""Processor time for one pickle. The limits on objects are met first, but for what nobody has thought of."""

MAX_ODD_KEYS = 10_000
MAX_ALIKE = 32
"""Keys other than strings and small whole numbers can be made to hash alike, which makes adding them quadratic: so
many of them, and so many different ones of one hash, may be in a pickle."""

MAX_KEY_LENGTH = 8
"""Values in a tuple that is a key."""

FREE_BYTES = 64 << 20
COPIES = 4
"""A pickle may have that many bytes made, beside so many copies of itself."""

_LEAVES = frozenset((type(None), bool, int, float, complex, str, bytes, bytearray))


class UnsafePickle(InputError):
    """A pickle that is refused: it names what is not plain data, exceeds a limit, or is broken."""


@dataclass
class PickledObject:
    """An object of a foreign class, as plain data: the class's name and the object's attributes."""

    class_name: str
    state: dict[str, Any] = field(default_factory=dict)


HOLDERS = frozenset((list, tuple, dict, set, frozenset, PickledObject))
"""The types of plain data that hold other data."""


def over_the_limit(what: str) -> str:
    """The sentence for what is refused because of a limit of ours, and not because it is damaged."""
    return f"refused: {what}; that is the limit here, the pickle may be in order"


def too_deep() -> str:
    return over_the_limit(f"it is nested more than {MAX_DEPTH} deep")


class Budget:
    """What is left for a pickle of `size` bytes to make, in `most` steps."""

    def __init__(self, size: int, most: int = MAX_OBJECTS) -> None:
        self._most = most
        self._objects = most
        self._bytes = FREE_BYTES + COPIES * size
        self._odd_keys = MAX_ODD_KEYS
        self._alike: dict[int, list[Any]] = {}
        self._end = time.thread_time() + MAX_SECONDS

    def objects(self, count: int) -> None:
        self._objects -= count
        if self._objects < 0:
            raise UnsafePickle(over_the_limit(f"it has more than {self._most:,} objects"))
        if not self._objects & 0x3FFF and time.thread_time() > self._end:
            raise UnsafePickle(over_the_limit(f"it takes more than {MAX_SECONDS:g} s to read"))

    def copied(self, count: int) -> None:
        self._bytes -= count
        if self._bytes < 0:
            raise UnsafePickle(over_the_limit("it has the same bytes copied over and over"))

    def odd_key(self, key: Any) -> None:
        """Account for a key whose hash its writer chose."""
        self._odd_keys -= 1
        if self._odd_keys < 0:
            raise UnsafePickle(
                over_the_limit(f"it has more than {MAX_ODD_KEYS:,} keys that are neither text nor small whole numbers")
            )
        alike = self._alike.setdefault(hash(key), [])
        if not any(key == other for other in alike):
            alike.append(key)
        if len(alike) > MAX_ALIKE:
            raise UnsafePickle(over_the_limit(f"more than {MAX_ALIKE} of its keys have the same hash"))


def add_key(into: dict[Any, Any] | set[Any], key: Any, value: Any, budget: Budget) -> None:
    """Set a key of a dict, or add to a set, where hashing and comparing the key costs nothing to speak of."""
    if type(key) not in (str, bytes, bool, type(None)) and not (type(key) is int and abs(key) < 1 << 60):
        parts = key if type(key) is tuple else (key,)
        if len(parts) > MAX_KEY_LENGTH or any(type(part) not in _LEAVES or type(part) is bytearray for part in parts):
            raise UnsafePickle(f"refused: a key of type {type(key).__name__}")
        budget.odd_key(key)
    if isinstance(into, dict):
        into[key] = value
    else:
        into.add(key)


def check_tree(root: Any) -> None:
    """Raises UnsafePickle unless `root` is plain data through and through, finite, and not too deep.

    A container that is referred to many times is looked at once, but counts each time: a walk that does not know
    of shared references (printing, JSON) must come to an end as well.
    """
    holders, leaves = _parts([root])
    if leaves:
        return
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    open_: set[int] = set()
    stack: list[tuple[Any, bool]] = [(holders[0], False)]
    while stack:
        value, left = stack.pop()
        key = id(value)
        if not left and key in sizes:
            continue
        parts, leaves = _parts(_inside(value))
        if left:
            open_.discard(key)
            depths[key] = 1 + max((depths[id(part)] for part in parts), default=1 if leaves else 0)
            sizes[key] = 1 + leaves + sum(sizes[id(part)] for part in parts)
            _check_bounds(depths[key], sizes[key])
        elif key in open_:
            raise UnsafePickle("refused: data that contains itself")
        else:
            open_.add(key)
            _check_bounds(len(open_), 0)
            stack.append((value, True))
            stack.extend((part, False) for part in parts)


def _check_bounds(depth: int, size: int) -> None:
    if depth > MAX_DEPTH:
        raise UnsafePickle(too_deep())
    if size > MAX_EXPANDED:
        raise UnsafePickle(over_the_limit(f"it has more than {MAX_EXPANDED:,} values"))


def _inside(value: Any) -> Any:
    """What a container holds."""
    kind = type(value)
    if kind is dict:
        return [*value.keys(), *value.values()]
    return [value.state] if kind is PickledObject else value


def _parts(items: Any) -> tuple[list[Any], int]:
    """(containers, number of leaves) among these. Raises UnsafePickle for what is not plain data."""
    kinds = set(map(type, items))
    for kind in kinds - _LEAVES - HOLDERS:
        if kind is not np.ndarray and not issubclass(kind, (np.generic, np.dtype)):
            raise UnsafePickle(f"not a whole pickle: it ends with a bare {kind.__name__}")
    held = [item for item in items if type(item) in HOLDERS] if kinds & HOLDERS else []
    return held, len(items) - len(held)
