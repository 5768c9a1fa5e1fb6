"""Options: declared once, parsed from text, told plainly when wrong, named in a variant."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from core.base.errors import InputError
from core.base.options import chosen, configure, option, options_of, slug
from core.base.registry import Registration, Registry


@dataclass(frozen=True)
class Brew:
    sugar: int = option(1, "Spoons", minimum=0, maximum=3)
    milk: bool = option(False, "With milk")
    kind: str = option("black", "Which", choices=("black", "green"))
    steep: float | None = option(None, "Minutes", minimum=0)
    pot: str = "not an option"


def test_options_are_declared_once() -> None:
    declared = options_of(Brew)
    assert list(declared) == ["sugar", "milk", "kind", "steep"]
    assert (declared["sugar"].type, declared["steep"].type, declared["steep"].optional) == ("int", "float", True)


def test_text_becomes_values() -> None:
    brew = configure(Brew, {"sugar": "2", "milk": "yes", "kind": "green", "steep": "2.5"})
    assert brew == Brew(2, True, "green", 2.5)
    assert configure(Brew, {"steep": "none"}).steep is None
    assert chosen(brew) == {"sugar": 2, "milk": True, "kind": "green", "steep": 2.5}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sugar": "4"}, "sugar=4 is not a whole number at least 0 and at most 3"),
        ({"sugar": "1.5"}, "sugar=1.5 is not a whole number"),
        ({"sugar": 1.5}, "sugar=1.5 is not a whole number"),
        ({"sugar": {"a": 1}}, "sugar={'a': 1} is not a whole number"),
        ({"sugar": None}, "sugar=None is not a whole number"),
        ({"sugar": float("inf")}, "sugar=inf is not a whole number"),
        ({"steep": "nan"}, "steep=nan is not a number"),
        ({"milk": "maybe"}, "milk=maybe is not yes or no"),
        ({"kind": "red"}, "kind=red is not one of black, green"),
        ({"steep": "-1"}, "steep=-1 is not a number at least 0"),
        ({"lemon": "1"}, "unknown option 'lemon'; brew has these: sugar, milk, kind, steep"),
    ],
)
def test_what_is_not_admitted_is_told(given: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        configure(Brew, given)


def test_a_slug_names_what_is_not_default() -> None:
    assert slug(Brew()) == ""
    assert slug(Brew(sugar=3, kind="green")) == "sugar3-green"


def test_a_table_says_what_is_missing_and_how_to_get_it() -> None:
    table: Registry[object, Registration] = Registry(
        "picture",
        {
            "png": Registration("core.encodings.png:Png", "PNG"),
            "cola": Registration("nowhere:Cola", "Cola", ("no_such_module",), "pip install cola"),
        },
    )
    assert chosen(table.make("png", {"compress_level": "9"})) == {"compress_level": 9}
    with pytest.raises(InputError, match="unknown picture 'wine'; there are: png, cola"):
        table.make("wine")
    with pytest.raises(InputError, match="pip install cola"):
        table.make("cola")
    assert [(row["name"], row["available"]) for row in table.describe()] == [("png", True), ("cola", False)]
