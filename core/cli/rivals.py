"""`rivals`: loaders of others that ours is measured beside, listed, installed and removed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.errors import InputError
from ..base.events import Event, Message, Result
from ..base.home import Home
from ..base.units import listed, size_text
from .verb import Verb, shared_arguments


def _arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=type(parser))
    shared = [shared_arguments(type(parser))]

    def action(name: str, text: str) -> ArgumentParser:
        return actions.add_parser(name, help=text, description=text, parents=shared)

    action("list", "list the rivals, which are installed, and what the others need (the default)")
    install = action("install", "install rivals, each in a Python environment of its own below the home")
    install.add_argument("names", nargs="+", metavar="NAME", help="a rival, an environment, or all")
    removal = action("remove", "remove environments and what their rivals have prepared")
    removal.add_argument("names", nargs="+", metavar="NAME", help="a rival or an environment")


def _answer(given: Namespace) -> Iterator[Event]:
    from ..rivals.environments import RivalInstall

    if given.action == "install":
        events = RivalInstall(tuple(given.names), given.home).run()
    else:
        events = _remove(given) if given.action == "remove" else _list(given)
    for event in events:
        yield event if given.json or not isinstance(event, Result) else Result({"rivals": _readable(event.data)})


def _readable(told: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a reader asks first: whether it is there; the reason, which is long, comes last."""
    return [
        {
            "name": row["name"],
            "installed": (row["version"] or "yes") if row["installed"] else "no" if row["available"] else "cannot be",
            "size": size_text(row["bytes"]) if row["bytes"] else "",
            "environment": row["environment"] or "this program's",
            "container": row["container"],
            "licence": row["licence"],
            "reason": row["reason"],
        }
        for row in told["rivals"]
    ]


def _list(given: Namespace) -> Iterator[Event]:
    from ..rivals.environments import rival_rows

    yield Result({"rivals": rival_rows(Home.find(given.home))})


def _remove(given: Namespace) -> Iterator[Event]:
    from ..rivals.environments import Environments, rival_rows, rivals_in, spec_of

    home = Home.find(given.home)
    for name in given.names:
        spec_of(name)  # a wrong name is told before anything is removed
    seen: set[str] = set()
    for name in given.names:
        spec = spec_of(name)
        if spec is not None and spec.name in seen:
            continue
        freed = Environments(home).remove(name)
        if spec is None:  # `remove` has refused
            raise InputError(f"{name!r} is part of this program")
        seen.add(spec.name)
        yield Message(f"{spec.name}: removed, {size_text(freed)} freed; it served {listed(rivals_in(spec.name))}")
    yield Result({"rivals": rival_rows(home)})


RIVALS_VERB = Verb("list, install and remove loaders of others to compare with", _arguments, _answer)
