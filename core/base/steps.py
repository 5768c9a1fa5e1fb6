"""A generator that is followed step by step, and asked at the end for what it came to."""

from __future__ import annotations

from collections.abc import Generator
from typing import Generic, TypeVar

Y = TypeVar("Y")
R = TypeVar("R")


class Steps(Generic[Y, R]):
    """Iterate it for what the generator yields; `value` is then what it returned. Who stops before the end closes the
    generator with the iterator."""

    value: R

    def __init__(self, made: Generator[Y, None, R]) -> None:
        self._made = made

    def __iter__(self) -> Generator[Y, None, None]:
        self.value = yield from self._made


def outcome(made: Generator[object, None, R]) -> R:
    """What a generator returns, for those who do not care for its steps."""
    steps = Steps(made)
    for _ in steps:
        pass
    return steps.value
