"""Generators that are followed step by step and have a value at the end."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from core.base.steps import Steps, outcome


def counting(closed: list[str]) -> Generator[int, None, str]:
    try:
        yield 1
        yield 2
        return "done"
    finally:
        closed.append("closed")


def test_the_steps_and_then_the_value() -> None:
    steps = Steps(counting([]))
    assert list(steps) == [1, 2]
    assert steps.value == "done"
    assert outcome(counting([])) == "done"


def test_who_stops_before_the_end_closes_the_generator() -> None:
    closed: list[str] = []

    def follow() -> Generator[int, None, str]:
        steps = Steps(counting(closed))
        for step in steps:
            yield step
            if step == 2:
                raise ValueError("enough")
        return steps.value

    followed = follow()
    assert next(followed) == 1
    followed.close()
    assert closed == ["closed"]

    def fail() -> None:
        for _ in follow():
            pass

    with pytest.raises(ValueError, match="enough"):
        fail()
    assert closed == ["closed", "closed"]
