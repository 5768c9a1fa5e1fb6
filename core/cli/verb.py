"""What a verb is; the table of all of them is in `verbs`."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ..base.events import Event

P = TypeVar("P", bound=ArgumentParser)

Answer = Callable[[Namespace], Iterator[Event]]


class Lines(str):
    """Text of several lines that we wrote ourselves; any other text is shown in one."""

    __slots__ = ()


class Drawing(str):
    """Text with escape sequences that we wrote ourselves: it is printed as it is, without its name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its help, its arguments, and the events that answer it. `images`: they are made here, and not measured
    (`processes.freed_memory`)."""

    help: str
    arguments: Callable[[ArgumentParser], None]
    answer: Answer
    images: bool = False


def shared_arguments(make: type[P]) -> P:
    """What every verb takes, wherever it stands on the line: for `parents=` of a parser."""
    parser = make(add_help=False, argument_default=SUPPRESS)
    parser.add_argument("--json", action="store_true", help="the last line of standard output is one JSON object")
    parser.add_argument("--home", metavar="DIR", help="the folder that holds data/ and runs/")
    parser.add_argument("--config", metavar="FILE", help="the settings file, see `settings`")
    return parser
