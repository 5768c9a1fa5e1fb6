"""What a verb is; the table of all of them is in `verbs`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.events import Event

Answer = Callable[[Namespace], Iterator[Event]]


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its help, its arguments, and the events that answer it."""

    help: str
    arguments: Callable[[ArgumentParser], None]
    answer: Answer
