"""Builds whose process was killed, and which another can go on with (`Build(resume=True)`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.checked_fields import COUNT, OBJECT, TEXT, check, with_fields
from ..base.files import Unreadable, read_object
from ..base.home import Home
from ..base.staging import MARKER, claim, left_to_go_on
from ..stores.store import WORKPLACE
from .making import PARTS
from .part_places import PART


@dataclass(frozen=True)
class InterruptedBuild:
    """`fields`: of the `Build` that goes on with it; `done` of its `parts` lie here (at an address, none do)."""

    name: str
    fields: Mapping[str, Any]
    parts: int
    done: int


def interrupted_builds(home: Home, dataset: str) -> list[InterruptedBuild]:
    """Those of a dataset's stores, by name."""
    found = []
    for name, folder in left_to_go_on(home.built / WORKPLACE):
        try:
            told = read_object(folder / MARKER)
            check(told, _MARKED)
        except Unreadable:
            continue  # of another version: who builds this store again cleans it up
        if told["build"]["dataset"] == dataset:
            done = sum(1 for _ in (folder / PARTS).glob(f"[!.]*/{PART}"))
            found.append(InterruptedBuild(name, told["build"], told["parts"], done))
    return sorted(found, key=lambda one: one.name)


def discard_interrupted(home: Home, name: str) -> None:
    """Remove what was built. Raises InputError where somebody is at it again."""
    with claim(home.built / WORKPLACE, name, "build"):
        """Whoever claims a name without going on finds an empty folder."""


_MARKED = {"build": with_fields({"dataset": TEXT, "format": TEXT, "options": OBJECT}), "parts": COUNT}
