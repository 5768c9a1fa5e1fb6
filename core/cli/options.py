"""`--option K=V`, which several verbs have."""

from __future__ import annotations

from argparse import ArgumentParser

from ..base.errors import InputError


def option_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--option", action="append", default=[], metavar="K=V", help="an option, see `formats`")


def options_of(given: list[str]) -> dict[str, str]:
    """`K=V` arguments as a dict. Raises InputError for one without '='."""
    wrong = [text for text in given if "=" not in text]
    if wrong:
        raise InputError(f"--option {wrong[0]}: write it as NAME=VALUE")
    return {name.strip(): value for name, _, value in (text.partition("=") for text in given)}
