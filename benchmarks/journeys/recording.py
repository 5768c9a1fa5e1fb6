"""Steps with their seconds and what was seen, of one run and of several."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from .ground import Ground

PICTURE_WIDTH = 1200
"""Pixels."""


@dataclass(frozen=True)
class Travelled:
    """A step as it was: `title` and `about` for the reader, what there was to be seen (`picture`, the bytes of a WebP),
    or to be read (`text`). `seconds` is what it took, None for a step that is only shown; `goal`, the most it should.
    """

    title: str
    about: str
    seconds: float | None = None
    goal: float | None = None
    picture: bytes | None = None
    text: str = ""


@dataclass(frozen=True)
class Journey:
    """`run(ground, log)` goes through it once. `title` and `about` head its page."""

    name: str
    title: str
    about: str
    run: Callable[[Ground, TravelLog], None]


@dataclass
class TravelLog:
    """The steps of one run, in their order."""

    pictures: bool = True
    steps: list[Travelled] = field(default_factory=list)
    _begun: float = field(default_factory=time.perf_counter)

    def begin(self) -> None:
        """From now on seconds are counted: the person has clicked, or pressed Enter."""
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since `begin`."""
        return time.perf_counter() - self._begun

    def reached(
        self, title: str, about: str, *, goal: float | None = None, page: Any = None, text: str = "",
        counted: bool = True,
    ) -> None:  # fmt: skip
        """Note a step that is reached now; its seconds are those since `begin`, unless it is not `counted`.

        `page`: of Playwright, to be pictured; that takes no part in the seconds of the steps that follow.
        """
        seconds = self.seconds
        picture = _small(page.screenshot()) if page is not None and self.pictures else None
        self._begun += self.seconds - seconds
        self.steps.append(Travelled(title, about, seconds if counted else None, goal, picture, text))
        print(f"  {seconds:6.1f} s  {title}", flush=True)


@dataclass(frozen=True)
class Timing:
    """What a step took in several runs, in seconds."""

    title: str
    goal: float | None
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def worst(self) -> float:
        return max(self.seconds)


def timings(logs: Sequence[TravelLog]) -> list[Timing]:
    """Of each step that was counted, in the order of the first run; runs that did not come so far have none of it."""
    found = []
    for step in logs[0].steps:
        seconds = [other.seconds for log in logs for other in log.steps if other.title == step.title]
        if told := [one for one in seconds if one is not None]:
            found.append(Timing(step.title, step.goal, told))
    return found


def _small(screenshot: bytes) -> bytes:
    """A screenshot as a small WebP."""
    image = Image.open(io.BytesIO(screenshot)).convert("RGB")
    image.thumbnail((PICTURE_WIDTH, 10 * PICTURE_WIDTH), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "webp", quality=80, method=6)
    return file.getvalue()
