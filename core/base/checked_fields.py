"""Whether data that was read has the fields that its readers rely on. Records are checked where they are read, once, so
that whoever draws or reckons with them need not ask again.

    check(told, {"title": TEXT, "created": NUMBER}, {"error": TEXT})

Numbers are finite and below 2**63 in size, so that they can be formatted, summed up and taken for a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .files import Unreadable

LARGEST = 2**63


@dataclass(frozen=True)
class Kind:
    """What a value may be: `name` for a sentence ("a number"), `fits` for the check."""

    name: str
    fits: Callable[[Any], bool]


Fields = Mapping[str, Kind]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < LARGEST if isinstance(value, int) else math.isfinite(value) and abs(value) < LARGEST


TEXT = Kind("text", lambda value: isinstance(value, str))
FLAG = Kind("yes or no", lambda value: isinstance(value, bool))
NUMBER = Kind("a number", _is_number)
POSITIVE = Kind("a number above 0", lambda value: _is_number(value) and value > 0)
AMOUNT = Kind("a number from 0 on", lambda value: _is_number(value) and value >= 0)
COUNT = Kind("a whole number from 0 on", lambda value: _is_number(value) and isinstance(value, int) and value >= 0)
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
PLAIN = Kind("text or a number", lambda value: isinstance(value, str | bool) or _is_number(value))


def list_of(kind: Kind) -> Kind:
    return Kind(f"a list ({kind.name} each)", lambda value: isinstance(value, list) and all(map(kind.fits, value)))


def object_of(kind: Kind) -> Kind:
    """Whose values are of one kind."""
    return Kind(
        f"an object ({kind.name} each)",
        lambda value: isinstance(value, dict) and all(map(kind.fits, value.values())),
    )


def or_null(kind: Kind) -> Kind:
    return Kind(f"{kind.name} or null", lambda value: value is None or kind.fits(value))


def either(*kinds: Kind) -> Kind:
    return Kind(" or ".join(kind.name for kind in kinds), lambda value: any(kind.fits(value) for kind in kinds))


def one_of(values: Collection[str]) -> Kind:
    return Kind("one of the known ones", lambda value: isinstance(value, str) and value in values)


def with_fields(required: Fields, optional: Fields = MappingProxyType({})) -> Kind:
    """An object that passes `check`."""
    return Kind(
        f"an object with {', '.join(required)}",
        lambda value: isinstance(value, dict) and fault(value, required, optional) is None,
    )


def fault(told: Mapping[str, Any], required: Fields, optional: Fields = MappingProxyType({})) -> str | None:
    """What is wrong with an object, in words, or None. An optional field may be missing or null."""
    for name, kind in required.items():
        if name not in told:
            return f"it has no {name!r}"
        if not kind.fits(told[name]):
            return f"its {name!r} is not {kind.name}"
    for name, kind in optional.items():
        if told.get(name) is not None and not kind.fits(told[name]):
            return f"its {name!r} is not {kind.name}"
    return None


def check(told: Mapping[str, Any], required: Fields, optional: Fields = MappingProxyType({})) -> None:
    """Raises Unreadable that says what is wrong."""
    if (wrong := fault(told, required, optional)) is not None:
        raise Unreadable(wrong)
