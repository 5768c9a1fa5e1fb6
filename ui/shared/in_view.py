"""What was just started is brought into view: on a long page its progress may be far from the button."""

from __future__ import annotations

import streamlit as st

from core.jobs import Job
from ui.shared import state

_JS = """
const shown = new Set();  // of this tab: nobody who scrolls away later is brought back

export default function (component) {
  const { data, parentElement } = component;
  if (shown.has(data.job)) return;
  shown.add(data.job);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const place = parentElement.querySelector(".in-view");
  setTimeout(() => place.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" }), 100);
}
"""

_HTML = '<div class="in-view" style="scroll-margin-top:5rem"></div>'
_in_view = st.components.v2.component("format_matters.in_view", html=_HTML, js=_JS)


def bring_into_view(job: Job) -> None:
    """Scroll here once, in the tab whose session started the job."""
    if job.id in st.session_state.get(state.STARTED_KEY, set()):
        _in_view(key=f"in_view.{job.id}", data={"job": job.id})
