"""Numbers in words, with what only pages say."""

from __future__ import annotations

import re

from core.words import (
    counted,
    listed,
    number_text,
    rounded,
    seconds_text,
    size_text,
    speed_text,
    times_text,
)

__all__ = [
    "counted",
    "listed",
    "number_text",
    "remaining_text",
    "rounded",
    "seconds_text",
    "size_text",
    "speed_text",
    "times_text",
    "verbatim",
]


def remaining_text(seconds: float | None) -> str:
    """ "about 20 s left", in steps that do not flicker; nothing where nothing is known."""
    if seconds is None:
        return ""
    if seconds < 1.5:
        return "almost done"
    step = 1 if seconds < 10 else 5 if seconds < 60 else 10 if seconds < 600 else 60
    rounded = round(seconds / step) * step
    return f"about {rounded} s left" if rounded < 60 else f"about {seconds_text(rounded)} left"


def verbatim(text: object) -> str:
    """Text from a file as Markdown that shows it letter by letter: no links, pictures or formulas of a stranger's."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~$:])", r"\\\1", " ".join(str(text).split()))
