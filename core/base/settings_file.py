"""The settings file: TOML, read once by each process. What it does not know, or has the wrong type, is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .errors import InputError
from .files import Unreadable, read_whole
from .names import readable

MOST_BYTES = 100_000

TEXT, TEXTS, NUMBER = "a text", "a list of texts", "a whole number"
"""What a key may hold; a single text does for a list of one."""


@cache
def read_settings(path: Path, kinds: tuple[tuple[str, str], ...]) -> Mapping[str, tuple[str, ...]]:
    """What the file says, by the setting's name ("home", "mirrors.cifar10").

    kinds: every name with what it holds.

    Raises:
        InputError: it cannot be read, is no TOML, has a key that is not among `kinds`, or a value of another type.
    """
    import tomllib

    known = dict(kinds)
    where = f"the settings in {readable(path)}"
    try:
        table = tomllib.loads(read_whole(path, MOST_BYTES).decode())
    except Unreadable as error:
        raise InputError(f"{where} cannot be read: {error}") from None
    except UnicodeDecodeError:
        raise InputError(f"{where} are no TOML: it is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{where} are no TOML: {error}") from None
    return {name: _checked(path, name, value, known) for name, value in _flat(table, known)}


def near(name: str, names: Collection[str]) -> str:
    """ "; did you mean 'home'?" where one is near, else which there are."""
    import difflib

    found = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {found[0]!r}?" if found else f"; there are {', '.join(names)}"


def _flat(table: Mapping[str, Any], known: Mapping[str, str], above: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of tables as "table.key", as long as there are settings in such a table."""
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and any(one.startswith(f"{name}.") for one in known):
            yield from _flat(value, known, f"{name}.")
        else:
            yield name, value


def _checked(path: Path, name: str, value: Any, known: Mapping[str, str]) -> tuple[str, ...]:
    if name not in known:
        raise InputError(f"{readable(path)}: {name!r} is no setting{near(name, known)}")
    kind = known[name]
    if kind == NUMBER and type(value) is int:
        return (str(value),)
    if kind != NUMBER and isinstance(value, str):
        return (value,)
    if kind == TEXTS and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise InputError(f"{readable(path)}: {name!r} must be {kind}, not {_told(value)}")


def _told(value: Any) -> str:
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", list: "a list",
             dict: "a table"}  # fmt: skip
    return kinds.get(type(value), "a date or time")
