"""The browser's title of a page: what is shown, the page, the app.

"shapes · lmdb/raw · train · sample 7 – Inspector – Format Matters". Pages `say` it while they draw, and the frame sends
it when the page is drawn. A run begins with the title that the browser has, so that its tab does not flicker.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import streamlit as st

from ui.shared.labels import plain

APP = "Format Matters"
KEY = "app.title"
MOST = 80
"""Characters of one part."""


@dataclass
class PageTitle:
    """page: whose title it is; parts: what is shown, by what it is ("store", "sample"); sent: as the browser has it."""

    page: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    sent: str = ""


def _of_session() -> PageTitle:
    known: PageTitle = st.session_state.setdefault(KEY, PageTitle())
    return known


def last() -> str:
    """The title that the browser has."""
    return _of_session().sent or APP


def begin(page: str) -> None:
    """A run of the page called `page` begins."""
    known = _of_session()
    known.page, known.parts = page, {}


def say(what: str, text: str) -> None:
    """Add something that is shown, the largest thing first; a fragment says the same thing anew."""
    _of_session().parts[what] = plain(text)[:MOST]


def commit() -> None:
    """Send what was said."""
    known = _of_session()
    known.sent = titled(known.parts.values(), known.page)
    st.set_page_config(page_title=known.sent)


def around(what: str, noun: str) -> tuple[str, str]:
    """The title before and after the number of what is called so: "... · sample ", " – Inspector – Format Matters"."""
    known = _of_session()
    mark = f"{noun} \x00"
    before, _, after = titled({**known.parts, what: mark}.values(), known.page).partition("\x00")
    return before, after


def titled(parts: Iterable[str], page: str) -> str:
    """One line of everything."""
    return " – ".join(filter(None, [" · ".join(filter(None, parts)), page, APP]))
