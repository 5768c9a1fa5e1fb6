"""What a build will take and what compression brings, as a process beside the server finds it out. The page asks, shows
what is there, and watches for the rest."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence

import streamlit as st

from core.base import plugins
from core.base.errors import FormatMattersError
from core.building.estimate_process import EstimateProcess, EstimateQuestion
from ui.shared.cached import cache_resource

AT_ONCE = 0.2
"""Seconds that a page waits for what it asked before it is drawn without: answers that are known, and quick ones."""

WATCH_SECONDS = 0.5

ASKER_KEY = "build.asker"


def estimates() -> EstimateProcess:
    """That of this server, for all sessions."""
    return _process(os.environ.get(plugins.VARIABLE, ""))


@cache_resource(max_entries=1, show_spinner=False, on_release=lambda process: process.close())
def _process(parts: str) -> EstimateProcess:
    """`parts` from elsewhere are known to processes that start after them."""
    return EstimateProcess()


def ask(questions: Sequence[EstimateQuestion]) -> None:
    """Have these answered for this page, the first ones first; returns soon."""
    asker: str = st.session_state.setdefault(ASKER_KEY, uuid.uuid4().hex)
    estimates().want(asker, questions)
    estimates().wait(asker, AT_ONCE)


def answered(questions: Sequence[EstimateQuestion]) -> int:
    """How many of these are answered, or refused, by now."""
    return sum(_is_answered(question) for question in questions)


def _is_answered(question: EstimateQuestion) -> bool:
    try:
        return estimates().answer(question) is not None
    except FormatMattersError:
        return True
