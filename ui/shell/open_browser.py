"""Opens the app in the browser once its server runs, as `streamlit run` does with a script, and notes that it runs.

It leaves that out for a server that is an app of its own (`st.App`), which ours is, for its addresses' sake.
"""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import streamlit as st

from core.base.home import Home
from core.cli.running_apps import noted_as_running
from core.sharing.serving import is_shared

AFTER = 0.5
"""Seconds after the start, by when it listens."""


@asynccontextmanager
async def open_browser(app: st.App) -> AsyncIterator[None]:
    """Around the life of the server. Without a screen, and where `server.headless` is set, nothing is opened."""
    if not st.get_option("server.headless"):
        timer = threading.Timer(AFTER, webbrowser.open, [address()])  # it may take its time
        timer.daemon = True
        timer.start()
    port = st.get_option("server.port")
    with nullcontext() if is_shared() else noted_as_running(Home.find(), port):  # a guest's page is not for `view`
        yield


def address() -> str:
    """Where a browser on this machine finds the app."""
    host = st.get_option("browser.serverAddress")
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"http://{host}:{st.get_option('server.port')}/{base}"
