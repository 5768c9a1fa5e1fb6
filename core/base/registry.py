"""A registry of implementations: name -> where its class lives, what it needs, how to get that.

Looking a name up imports its module only then, so a page that lists the formats pays for none of them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar, cast

from .errors import InputError
from .options import Option, configure, options_of
from .package import load

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a registry: `where` is "module:Class", `needs` the importable modules it cannot do without."""

    where: str
    title: str
    needs: tuple[str, ...] = ()
    install_hint: str = ""

    def available(self) -> bool:
        return all(importlib.util.find_spec(module) is not None for module in self.needs)


class Registry(Mapping[str, Entry], Generic[T]):
    """The implementations of one kind ("format", "encoding", ...), in the order in which they are shown."""

    def __init__(self, kind: str, entries: Mapping[str, Entry]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            raise InputError(f"unknown {self.kind} {name!r}; there are: {', '.join(self._entries)}")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def load(self, name: str) -> type[T]:
        """The class behind a name. Raises InputError where it is unknown or its library is not installed."""
        entry = self[name]
        if not entry.available():
            raise InputError(f"{self.kind} {name!r} needs a library that is missing: {entry.install_hint}")
        return cast("type[T]", load(entry.where))

    def make(self, name: str, options: Mapping[str, Any] | None = None) -> T:
        """An instance with these options (defaults for the rest). Raises InputError."""
        return configure(self.load(name), options or {})

    def options(self, name: str) -> dict[str, Option]:
        return options_of(self.load(name)) if self[name].available() else {}

    def describe(self) -> list[dict[str, Any]]:
        """Rows for the `formats` verb and the forms: name, title, options, available, install_hint."""
        return [
            {
                "name": name,
                "title": entry.title,
                "options": {key: asdict(value) for key, value in self.options(name).items()},
                "available": entry.available(),
                "install_hint": entry.install_hint,
            }
            for name, entry in self._entries.items()
        ]
