"""Widgets made from declared options: a component that is added to a table has its form at once."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.base.options import Option, Value

ROW = 4
"""Widgets side by side."""

EXACT = (1 << 53) - 1
"""The largest whole number that a browser's numbers hold."""


def option_widgets(options: Mapping[str, Option], key: str) -> dict[str, Value]:
    """A widget for every option, side by side; returns what was chosen where it is not the default.

    `key` is the beginning of the widgets' keys; what is chosen lasts for the session.
    """
    chosen: dict[str, Value] = {}
    names = list(options)
    for start in range(0, len(names), ROW):
        for name, column in zip(names[start : start + ROW], st.columns(ROW), strict=False):
            with column:
                value = _widget(options[name], f"{key}.{name}")
            if value != options[name].default:
                chosen[name] = value
    return chosen


def _widget(option: Option, key: str) -> Value:
    label = option.title or option.name.replace("_", " ").capitalize()
    if option.choices is not None:
        index = option.choices.index(option.default)
        return st.selectbox(label, option.choices, index, help=option.help, key=key, persist_state="session")
    if option.type == "bool":
        return st.toggle(label, bool(option.default), help=option.help, key=key, persist_state="session")
    if option.type in ("int", "float"):
        return _number(option, label, key)
    text = st.text_input(label, str(option.default or ""), help=option.help, key=key, persist_state="session")
    return text or option.default


def _number(option: Option, label: str, key: str) -> Value:
    kind = int if option.type == "int" else float
    lowest, highest = option.minimum, option.maximum
    return st.number_input(
        label,
        min_value=None if lowest is None else kind(max(lowest, -EXACT)),
        max_value=None if highest is None else kind(min(highest, EXACT)),
        value=option.default,
        step=1 if kind is int else None,
        placeholder="as it is" if option.optional else None,
        help=option.help,
        key=key,
        persist_state="session",
    )
