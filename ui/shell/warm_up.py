"""Loads what the pages will need while the first page is being looked at."""

from __future__ import annotations

import contextlib
import importlib
import threading

import streamlit as st

from core.base.home import Home
from core.jobs import upload

MODULES = (
    "altair",
    "pyarrow",
    "ui.dataset.view",
    "ui.dataset.importing",
    "ui.build.form",
    "ui.build.store_list",
    "ui.benchmark.loaders.form",
    "ui.benchmark.loaders.view",
    "ui.benchmark.loaders.live",
    "ui.inspector.store_view",
)
"""In the order in which they are likely to be needed. None of them loads PyTorch."""


@st.cache_resource
def warm_up() -> None:
    """Start loading, once a server; returns at once."""
    threading.Thread(target=_load, name="warm-up", daemon=True).start()


def _load() -> None:
    upload.clear(Home.find())  # what an import that was killed left behind
    for module in MODULES:
        with contextlib.suppress(ImportError):  # the page that needs it will say so
            importlib.import_module(module)
