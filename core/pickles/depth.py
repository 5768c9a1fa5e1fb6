"""How deep containers are nested, kept while a pickle is read, so that what is too deep is refused as it is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from .plain import HOLDERS, MAX_DEPTH, PickledObject, UnsafePickle, too_deep

T = TypeVar("T")

_MEASURED = (list, tuple, dict, PickledObject)


class Depths:
    """The depth of every container that holds another one. `check_tree` looks again when all is there."""

    def __init__(self) -> None:
        self._depths: dict[int, int] = {}

    def fresh(self, made: T) -> T:
        """Forget what another object, which is gone, had at the same address."""
        self._depths.pop(id(made), None)
        return made

    def holds(self, container: Any, items: Iterable[Any]) -> None:
        """Note that a container now holds these. Raises UnsafePickle where that nests too deep."""
        if HOLDERS.isdisjoint(map(type, items)):
            return
        deepest = max((self._depths.get(id(item), 1) for item in items if type(item) in _MEASURED), default=0)
        mine = max(self._depths.get(id(container), 1), deepest + 1)
        if mine > MAX_DEPTH:
            raise UnsafePickle(too_deep())
        self._depths[id(container)] = mine
