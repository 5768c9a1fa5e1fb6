"""What the address of a page holds, so that a reload shows what was shown: the dataset, and what is inspected.

Streamlit drops an address's parameters when one turns to another page; who calls `keep` in each run has them there.
Whatever an address says is somebody's text: `recall` passes it on only as what `accept` makes of it.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

RECALLED_KEY = "app.recalled"


def recall(name: str, key: str, accept: Callable[[str], object | None]) -> None:
    """Put what the address says of `name` into the session's `key`, once in a session: from then on the session leads.

    `accept` returns None for what it does not know; then the session stays as it is. To be called before the widget
    with this key is drawn.
    """
    recalled: set[str] = st.session_state.setdefault(RECALLED_KEY, set())
    if name in recalled:
        return
    recalled.add(name)
    if key in st.session_state or name not in st.query_params:
        return
    value = accept(st.query_params[name])
    if value is not None:
        st.session_state[key] = value


def keep(name: str, value: object | None) -> None:
    """Have the address say this of `name`; None or an empty text: nothing."""
    text = "" if value is None else str(value)
    if not text:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != text:
        st.query_params[name] = text


def number(text: str) -> int | None:
    """A whole number from 0 on, of at most 18 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
