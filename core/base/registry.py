"""A registry of implementations: name -> where its class lives, what it needs, how to get that.

Looking a name up imports its module only then, so a page that lists the formats pays for none of them. Parts from
elsewhere are added with `register`, by modules that `plugins` finds.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar, cast

from .errors import InputError
from .options import Option, configure, options_of
from .package import load
from .plugins import load_plugins

T = TypeVar("T")
E = TypeVar("E", bound="Registration")


@dataclass(frozen=True, slots=True)
class Registration:
    """One line of a registry: `where` is "module:Class", `needs` the importable modules it cannot do without."""

    where: str
    title: str
    needs: tuple[str, ...] = ()
    install_hint: str = ""

    def available(self) -> bool:
        return all(importlib.util.find_spec(module) is not None for module in self.needs)


class Registry(Mapping[str, E], Generic[T, E]):
    """The implementations of one kind ("format", "encoding", ...), in the order in which they are shown.

    `T` is what they implement, `E` what their registrations say.
    """

    def __init__(self, kind: str, entries: Mapping[str, E]) -> None:
        self.kind = kind
        self._registered = dict(entries)

    @property
    def _entries(self) -> dict[str, E]:
        load_plugins()
        return self._registered

    def register(self, name: str, entry: E) -> None:
        """Add an implementation behind the others. Raises InputError where the name is taken."""
        if name in self._registered:
            raise InputError(f"there is a {self.kind} {name!r} already: register yours under another name")
        self._registered[name] = entry

    def unregister(self, name: str) -> None:
        """Take an implementation out, as tests do with their own. Raises KeyError for an unknown name."""
        del self._registered[name]

    def __getitem__(self, name: str) -> E:
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
        return configure(self.load(name), options or {}, name)

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
