"""Options of formats, encodings, compressions and sources, declared once and used by forms, command line and manifest.

An option is a field of a frozen dataclass, made with `option(...)`. From it come the form in the app, the
`--option K=V` of the command line, the check of what the user typed, and the part of a variant's name.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast, get_args

from .errors import InputError

Value = int | float | str | bool | None
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a component: what it is called, its type ("int", "float", "str" or "bool") and what it admits."""

    name: str
    type: str
    default: Value
    help: str
    choices: tuple[Value, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    title: str = ""


def option(
    default: Any,
    help: str,
    *,
    choices: tuple[Any, ...] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    title: str = "",
) -> Any:
    """A dataclass field that is a user's option. `title`: what forms call it, else they use its name."""
    declared = {"help": help, "choices": choices, "minimum": minimum, "maximum": maximum, "title": title}
    return dataclasses.field(default=default, metadata={"option": declared})


def options_of(component: type) -> dict[str, Option]:
    """The options of a component's class, by name, in the order of their declaration."""
    hints = typing.get_type_hints(component)
    return {
        field.name: Option(
            name=field.name,
            type=_type_name(hints[field.name]),
            default=cast("Value", field.default),
            optional=type(None) in get_args(hints[field.name]),
            **field.metadata["option"],
        )
        for field in dataclasses.fields(component)
        if "option" in field.metadata
    }


def configure(component: type[T], given: Mapping[str, Any], name: str = "") -> T:
    """An instance of `component` from what the user gave (strings or values); `name` is what the user calls it.

    Raises:
        InputError: an unknown name, or a value that the option does not admit.
    """
    known = options_of(component)
    unknown = sorted(set(given) - set(known))
    if unknown:
        names = ", ".join(known) or "none"
        raise InputError(f"unknown option {unknown[0]!r}; {name or component.__name__.lower()} has these: {names}")
    return component(**{key: parse(known[key], value) for key, value in given.items()})


def chosen(component: object) -> dict[str, Value]:
    """The values of all options of an instance."""
    return {name: getattr(component, name) for name in options_of(type(component))}


def slug(component: object) -> str:
    """The part of a variant's name that its options add: what differs from the default, or nothing."""
    parts = []
    for name, declared in options_of(type(component)).items():
        value = getattr(component, name)
        if value != declared.default:
            parts.append(str(value) if declared.type == "str" and declared.choices else f"{name}{value}")
    return "-".join(parts)


def parse(declared: Option, value: Any) -> Value:
    """The option's value from text or a value. Raises InputError that says what is admitted."""
    if declared.optional and (value is None or str(value).lower() in ("", "none")):
        return None
    try:
        converted = _CONVERT[declared.type](value)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{declared.name}={value} is not {_admitted(declared)}") from None
    outside = (declared.minimum is not None and not converted >= declared.minimum) or (  # type: ignore[operator]
        declared.maximum is not None and converted > declared.maximum  # type: ignore[operator]
    )
    if outside or (declared.choices is not None and converted not in declared.choices):
        raise InputError(f"{declared.name}={value} is not {_admitted(declared)}")
    return converted


def _admitted(declared: Option) -> str:
    if declared.choices is not None:
        return "one of " + ", ".join(str(choice) for choice in declared.choices)
    bounds = [
        f"at least {declared.minimum:g}" if declared.minimum is not None else "",
        f"at most {declared.maximum:g}" if declared.maximum is not None else "",
    ]
    noun = {"int": "a whole number", "float": "a number", "bool": "yes or no", "str": "text"}[declared.type]
    return " ".join([noun, " and ".join(filter(None, bounds))]).strip()


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)


def _to_int(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


_CONVERT: Mapping[str, typing.Callable[[Any], Value]] = {
    "int": _to_int,
    "float": float,
    "str": str,
    "bool": _to_bool,
}


def _type_name(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return str(hint.__name__)
