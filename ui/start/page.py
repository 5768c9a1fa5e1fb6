"""The page Start."""

from __future__ import annotations

import streamlit as st

from ui.shared.unreadable import DATASETS, JOBS, RUNS, STORES, draw_unreadable
from ui.start.demo import draw_demo, last_story, running_demo
from ui.start.pictures import draw_pictures
from ui.start.welcome import draw_inventory, draw_journey


def draw() -> None:
    """What the app is for, images, the demo, the pages in their order, what is there, and what is unreadable."""
    st.title("Format Matters")
    st.markdown(
        "How should I store my images, and what does the choice cost me? Import a dataset, build it in several storage "
        "formats, measure how fast a PyTorch loader reads them, and look inside the files. Every number here was "
        "measured on this machine."
    )
    running = running_demo()
    story = last_story() if running is None else None
    draw_pictures(strip=running is not None or story is not None)
    draw_demo(running, story)
    draw_journey()
    draw_inventory()
    draw_unreadable(JOBS, RUNS, DATASETS, STORES)
