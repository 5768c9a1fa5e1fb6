"""What a build will take and what compression brings, as a process beside the server finds it out. A page asks, shows
what is there, and watches for the rest."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.base import plugins
from core.base.errors import FormatMattersError
from core.building.estimate_process import EstimateProcess, EstimateQuestion
from core.datasets.dataset import Dataset
from ui.shared import state
from ui.shared.cached import cache_resource

AT_ONCE = 0.2
"""Seconds that a page waits for what it asked before it is drawn without: answers that are known, and quick ones."""

WATCH_SECONDS = 0.5

ASKER_KEY = "estimates.asker"


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


def gain_question(dataset: Dataset, encoding: str, options: Mapping[str, Any]) -> EstimateQuestion:
    """What each compression makes of this dataset's payloads."""
    fields = {"home": str(state.home().root), "dataset": dataset.name, "encoding": encoding, "options": options}
    return EstimateQuestion("compressions", fields, dataset.fingerprint)


def draw_watched(asked: Sequence[EstimateQuestion], draw: Callable[[], None], what: str = "") -> None:
    """Draw what is known, and again as answers come; when all are there, the app runs again, once. `what` is measured,
    as it is told meanwhile."""
    if answered(asked) == len(asked):
        draw()
    else:
        st.fragment(_draw_unanswered, run_every=WATCH_SECONDS)(asked, draw, what)


def _draw_unanswered(asked: Sequence[EstimateQuestion], draw: Callable[[], None], what: str) -> None:
    known = answered(asked)
    if known == len(asked):
        st.rerun()
    draw()
    of = f", {known} of {len(asked)}" if len(asked) > 1 else ""
    st.caption(f":material/hourglass_top: Measuring{what} on a sample{of}…")
