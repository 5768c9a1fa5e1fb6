"""Widgets made from declared options: a component that is added to a table has its form at once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import streamlit as st

from core.base.options import Option, Value
from ui.shared.labels import plain

ROW = 4
"""Widgets side by side."""

EXACT = (1 << 53) - 1
"""The largest whole number that a browser's numbers hold."""


def option_widgets(
    options: Mapping[str, Option], key: str, guessed: Mapping[str, str | None] = MappingProxyType({})
) -> dict[str, Value]:
    """A widget for every option, side by side; returns what was chosen where it is not the default.

    `key` is the beginning of the widgets' keys; what is chosen lasts for the session. `guessed` has the options of
    which the default leaves something to be recognised, and as what it is.
    """
    chosen: dict[str, Value] = {}
    names = list(options)
    for start in range(0, len(names), ROW):
        for name, column in zip(names[start : start + ROW], st.columns(ROW), strict=False):
            with column:
                if name in guessed:
                    value = _guessed(options[name], guessed[name], f"{key}.{name}")
                else:
                    value = _widget(options[name], f"{key}.{name}")
            if value != options[name].default:
                chosen[name] = value
    return chosen


def remembered_options(options: Mapping[str, Option], key: str) -> dict[str, Value]:
    """What `option_widgets` with this key will return, for who needs it before they are drawn."""
    values = {name: st.session_state.get(f"{key}.{name}", option.default) for name, option in options.items()}
    return {name: value for name, value in values.items() if value != options[name].default and value != ""}


def _label(option: Option) -> str:
    return option.title or option.name.replace("_", " ").capitalize()


def _guessed(option: Option, recognised: str | None, key: str) -> Value:
    """A choice among what a file has, or whatever is typed; the default is to have it recognised."""
    if option.choices is None:
        return _number(option, _label(option), key, "as recognised")
    default = option.default
    found = f"As recognised: {plain(recognised)}" if recognised else "As recognised"
    choices = [default, *(choice for choice in option.choices or () if choice != default)]
    return st.selectbox(
        _label(option), choices, format_func=lambda value: found if value == default else plain(value), key=key,
        help=option.help, persist_state="session", accept_new_options=True,
    )  # fmt: skip


def _widget(option: Option, key: str) -> Value:
    label = _label(option)
    if option.choices is not None:
        index = option.choices.index(option.default)
        return st.selectbox(label, option.choices, index, help=option.help, key=key, persist_state="session")
    if option.type == "bool":
        return st.toggle(label, bool(option.default), help=option.help, key=key, persist_state="session")
    if option.type in ("int", "float"):
        return _number(option, label, key)
    text = st.text_input(label, str(option.default or ""), help=option.help, key=key, persist_state="session")
    return text or option.default


def _number(option: Option, label: str, key: str, empty: str = "as it is") -> Value:
    kind = int if option.type == "int" else float
    lowest, highest = option.minimum, option.maximum
    return st.number_input(
        label,
        min_value=None if lowest is None else kind(max(lowest, -EXACT)),
        max_value=None if highest is None else kind(min(highest, EXACT)),
        value=option.default,
        step=1 if kind is int else None,
        placeholder=empty if option.optional else None,
        help=option.help,
        key=key,
        persist_state="session",
    )
