"""A request to a reader process, as a class: its arguments, how they travel, and the table of all of them."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from ..base.contracts import Buffer
from .display import Choice
from .search import Wanted

if TYPE_CHECKING:
    from .opened_file import OpenedFile

T = TypeVar("T")

Answer = tuple[dict[str, Any], list[Buffer]]
"""Plain JSON, and blobs."""

Fields = Mapping[str, Any]

REQUESTS: dict[str, type[ReaderRequest[Any]]] = {}
"""All requests by name."""


def _wanted(told: Fields) -> Wanted:
    return Wanted(**told)


_FROM_JSON: Mapping[str, Callable[[Any], Any]] = {"choice": Choice.from_json, "wanted": _wanted}


class ReaderRequest(ABC, Generic[T]):
    """A frozen dataclass of plain JSON, a `Choice` called `choice` or a `Wanted` called `wanted`.

    timeout: seconds that the answer may take; None: what `process` allows.
    """

    timeout: ClassVar[float | None] = None

    def __init_subclass__(cls) -> None:
        REQUESTS[cls.__name__] = cls

    @abstractmethod
    def answer(self, opened: OpenedFile) -> Answer:
        """In the reader process."""

    @abstractmethod
    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> T:
        """In the caller's process: what the answer says."""

    def to_json(self) -> dict[str, Any]:
        """The arguments."""
        told = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        told |= {"choice": told["choice"].to_json()} if "choice" in told else {}
        return told | ({"wanted": dataclasses.asdict(told["wanted"])} if "wanted" in told else {})

    @classmethod
    def from_json(cls, told: Fields) -> Self:
        """The request with these arguments. Raises TypeError or ValueError where they are not its own."""
        return cls(**{name: _FROM_JSON.get(name, _as_it_is)(value) for name, value in told.items()})


def _as_it_is(value: Any) -> Any:
    return value
