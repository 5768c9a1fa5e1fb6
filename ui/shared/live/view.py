"""A job on the page that owns it, as it is at each moment."""

from __future__ import annotations

import streamlit as st

from core.jobs import Job
from ui.shared.in_view import bring_into_view
from ui.shared.job_panel import draw_cancel, note_endings, watch
from ui.shared.live.fetched import draw_fetched
from ui.shared.live.pictures import picture


def draw_live(job: Job) -> None:
    """What runs, until it ends: then the page is drawn anew."""
    with st.container(border=True):
        bring_into_view(job)
        shown = picture(job, watch(job))
        draw_fetched(f"live.{job.id}", f"live/{job.id}", shown, lambda: note_endings({job.id}))
        with st.container(horizontal_alignment="right"):
            draw_cancel(job)
