"""What the guide asks, in the order in which it asks, and what can be answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..base.errors import InputError

MOST_IMAGES = 10**12


class Question(NamedTuple):
    """`choices`: answer -> what people read."""

    name: str
    text: str
    choices: Mapping[str, str]


QUESTIONS = (
    Question(
        "scarce",
        "What is scarce?",
        {
            "nothing": "Nothing in particular",
            "time": "Time: batches come too slowly",
            "disk": "Disk space",
            "memory": "Memory: the images hardly fit",
        },
    ),
    Question(
        "access",
        "How are the images read?",
        {
            "shuffled": "In shuffled batches, for training",
            "single": "One at a time, any of them",
            "in-order": "All of them, in order",
        },
    ),
    Question(
        "machines",
        "Where are they read?",
        {
            "one": "On one machine",
            "copies": "On several, each with a copy",
            "shared": "On several, from one network drive",
        },
    ),
    Question(
        "readers",
        "Who else reads the files?",
        {
            "training": "Nobody: only this training",
            "programs": "Programs in other languages",
            "viewers": "Scientific tools that show arrays",
            "people": "People, with an image viewer",
        },
    ),
    Question(
        "loss",
        "May pixels change?",
        {
            "no": "No: every pixel stays as it is",
            "yes": "Yes: lossy or resized will do",
        },
    ),
)
"""Question.name -> a field of `Answers`."""


@dataclass(frozen=True)
class Answers:
    """`images`: how many there will really be. `memory_bytes`: what the machine that reads them
    has (None: this one)."""

    scarce: str = "nothing"
    access: str = "shuffled"
    machines: str = "one"
    readers: str = "training"
    loss: str = "no"
    images: int = 1_200_000
    memory_bytes: int | None = None

    def __post_init__(self) -> None:
        """Raises InputError for an answer that there is not."""
        for question in QUESTIONS:
            answer = getattr(self, question.name)
            if answer not in question.choices:
                raise InputError(f"{question.name}={answer}: choose one of {', '.join(question.choices)}")
        if not 1 <= self.images <= MOST_IMAGES:
            raise InputError(f"images={self.images}: give a number of images, 1 or more")
        if self.memory_bytes is not None and self.memory_bytes < 1:
            raise InputError("memory: give more than 0 bytes")

    @classmethod
    def of(cls, given: Mapping[str, Any], images: int | None = None, memory_gb: float | None = None) -> Answers:
        """From the command line. Raises InputError for a question or an answer that there is not."""
        names = [question.name for question in QUESTIONS]
        unknown = next((name for name in given if name not in names), None)
        if unknown is not None:
            raise InputError(f"{unknown!r} is not a question; the questions are: {', '.join(names)}")
        numbers: dict[str, Any] = {} if images is None else {"images": images}
        if memory_gb is not None:
            numbers["memory_bytes"] = round(memory_gb * 1e9)
        return cls(**given, **numbers)

    def texts(self) -> list[tuple[str, str]]:
        """(question, answer) as people read them."""
        return [(question.text, question.choices[getattr(self, question.name)]) for question in QUESTIONS]
