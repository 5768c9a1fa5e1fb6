"""What counts as plain data, and how much of it one pickle may make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import InputError

MAX_OBJECTS = 2_000_000
MAX_DEPTH = 100
MAX_EXPANDED = 20_000_000
"""Values met on a walk through everything; more than `MAX_OBJECTS`, as an object may be referred to twice."""

MAX_ODD_KEYS = 10_000
"""Keys other than strings and small whole numbers can be made to hash alike, which makes adding them quadratic."""

MAX_KEY_LENGTH = 8
"""Values in a tuple that is a key."""

FREE_BYTES = 64 << 20
COPIES = 4
"""A pickle may have that many bytes made, beside so many copies of itself."""

_LEAVES = frozenset((type(None), bool, int, float, complex, str, bytes, bytearray))


class UnsafePickle(InputError):
    """A pickle that is refused: it names what is not plain data, exceeds a bound, or is broken."""


@dataclass
class Record:
    """An object of a foreign class, as plain data: the class's name and the object's attributes."""

    class_name: str
    state: dict[str, Any] = field(default_factory=dict)


class Budget:
    """What is left for a pickle of `size` bytes to make."""

    def __init__(self, size: int) -> None:
        self._objects = MAX_OBJECTS
        self._bytes = FREE_BYTES + COPIES * size
        self._odd_keys = MAX_ODD_KEYS

    def objects(self, count: int) -> None:
        self._objects -= count
        if self._objects < 0:
            raise UnsafePickle(f"refused: more than {MAX_OBJECTS:,} objects in one pickle")

    def copied(self, count: int) -> None:
        self._bytes -= count
        if self._bytes < 0:
            raise UnsafePickle("refused: it has the same bytes copied over and over")

    def odd_key(self) -> None:
        self._odd_keys -= 1
        if self._odd_keys < 0:
            raise UnsafePickle(f"refused: more than {MAX_ODD_KEYS:,} keys that are not strings or small whole numbers")


def add_key(into: dict[Any, Any] | set[Any], key: Any, value: Any, budget: Budget) -> None:
    """Set a key of a dict, or add to a set, where hashing and comparing the key costs nothing to speak of."""
    if type(key) not in (str, bytes, bool, type(None)) and not (type(key) is int and abs(key) < 1 << 60):
        budget.odd_key()
        parts = key if type(key) is tuple else (key,)
        if len(parts) > MAX_KEY_LENGTH or any(type(part) not in _LEAVES or type(part) is bytearray for part in parts):
            raise UnsafePickle(f"refused: a key of type {type(key).__name__}")
    if isinstance(into, dict):
        into[key] = value
    else:
        into.add(key)


def check_tree(root: Any) -> None:
    """Raises UnsafePickle unless `root` is plain data through and through, finite, and not too deep.

    A container that is referred to many times is looked at once, but counts each time: a walk that does not know
    of shared references (printing, JSON) must come to an end as well.
    """
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    open_: set[int] = set()
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        value, left = stack.pop()
        key = id(value)
        parts = _parts(value)
        if left:
            open_.discard(key)
            depths[key] = 1 + max((depths[id(part)] for part in parts), default=0)
            sizes[key] = 1 + sum(sizes[id(part)] for part in parts)
            _check_bounds(depths[key], sizes[key])
        elif key in open_:
            raise UnsafePickle("refused: data that contains itself")
        elif key not in sizes:
            open_.add(key)
            stack.append((value, True))
            stack.extend((part, False) for part in parts)


def _check_bounds(depth: int, size: int) -> None:
    if depth > MAX_DEPTH:
        raise UnsafePickle(f"refused: nested more than {MAX_DEPTH} deep")
    if size > MAX_EXPANDED:
        raise UnsafePickle(f"refused: more than {MAX_EXPANDED:,} values")


def _parts(value: Any) -> list[Any]:
    """What a container holds; nothing for a leaf. Raises UnsafePickle for what is not plain data."""
    kind = type(value)
    if kind in _LEAVES:
        return []
    if kind is list or kind is tuple:
        return list(value)
    if kind is dict:
        return [*value.keys(), *value.values()]
    if kind is set or kind is frozenset:
        return list(value)
    if kind is Record:
        return [value.state]
    if kind is np.ndarray or isinstance(value, (np.generic, np.dtype)):
        return []
    raise UnsafePickle(f"not a whole pickle: it ends with a bare {kind.__name__}")
