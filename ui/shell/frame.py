"""What is drawn around every page, and the guard that no page is ever drawn without it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError, disk_error_text
from ui.shared import address, titles
from ui.shared.labels import verbatim
from ui.shared.navigation import navigate
from ui.shell.sidebar import draw_sidebar
from ui.shell.warm_up import warm_up

HERE = Path(__file__).parent

BEGUN_KEY = "app.begun"

STYLE = HERE / "style.css"

_run = threading.local()
"""Of the thread that runs the script: `framed`, whether the frame has been drawn by `app.py`; `notes`, the place above
the page's content for what is to be said of its address."""


def draw_app() -> None:
    """All of the app: the frame, and in it the page that was asked for."""
    page = _draw_frame()
    _run.framed = True
    try:
        page.run()
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
    except OSError as error:  # a disk that is full or read-only, or a file that went while it was read
        st.error(verbatim(disk_error_text(error, "drawing this page")), icon=":material/error:")
    finally:
        _run.framed = False
    warm_up()


def draw_page(draw: Callable[[], None]) -> None:
    """What each file in `pages/` calls: the page in its frame, its address and its title."""
    _through_router()
    draw()
    address.commit()
    titles.commit()
    with _run.notes:
        address.draw_missing()


def _through_router() -> None:
    """See to it that the frame is drawn.

    Until `st.navigation` has been called once, a server that finds a folder `pages/` runs the file there that an
    address names, on its own. Whoever opens a page by its address on a fresh server would miss all that `app.py` draws.
    A session that begins so is sent through `app.py` before anything is clicked; where that cannot be (AppTest begins
    every run as a fresh server), the frame is drawn here, and the click that the run is about is not lost.
    """
    if getattr(_run, "framed", False):
        return
    if BEGUN_KEY not in st.session_state:
        st.session_state[BEGUN_KEY] = True
        _configure(titles.APP)  # else the browser fetches the icon of the page, from a host of other people's
        navigate()
        st.rerun()
    _draw_frame()


def _draw_frame() -> st.Page:
    _configure(titles.last())  # before the menu, which has icons of its own
    page = navigate()
    titles.begin(page.title)
    address.begin(page.url_path)
    st.html(STYLE)  # a file of styles alone is put where it takes no room
    st.logo(HERE / "logo.svg", size="large", icon_image=HERE / "logo-small.svg")
    st.session_state[BEGUN_KEY] = True
    draw_sidebar()
    _run.notes = st.container()
    return page


def _configure(title: str) -> None:
    st.set_page_config(page_title=title, page_icon=str(HERE / "logo-small.svg"), layout="wide")
