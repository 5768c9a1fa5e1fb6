"""Start: what this is, a demo in one click, and what is there already."""

import streamlit as st

from ui.shared.unreadable import DATASETS, JOBS, RUNS, STORES, draw_unreadable
from ui.shell.frame import through_router
from ui.start.demo import draw_demo
from ui.start.welcome import draw_inventory, draw_journey

through_router()
st.title("Format Matters")
st.markdown(
    "How should I store my images, and what does the choice cost me? Import a dataset, build it in several storage "
    "formats, race them through a PyTorch loader on this machine, and look inside the files: every number here was "
    "measured, none was copied."
)
draw_demo()
draw_journey()
draw_inventory()
draw_unreadable(JOBS, RUNS, DATASETS, STORES)
