"""Dataset: pick or import one, then see it."""

import streamlit as st

from ui.dataset.importing import draw_import
from ui.dataset.view import ask_to_delete, draw_dataset
from ui.shared import state
from ui.shared.job_panel import draw_jobs
from ui.shared.labels import verbatim
from ui.shared.navigation import link
from ui.shared.unreadable import DATASETS, draw_unreadable
from ui.shell.frame import through_router

through_router()
dataset = state.current_dataset()

heading, buttons = st.columns([3, 2], vertical_alignment="bottom")
heading.title(verbatim(dataset.name) if dataset else "Dataset")
if dataset:
    with buttons, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        link("build", "Build stores from it")
        if st.button("Delete", icon=":material/delete:", key="dataset.delete"):
            ask_to_delete(dataset)
else:
    st.markdown("Everything starts with images. Draw some, download CIFAR-10, or take your own.")

importing = draw_jobs("dataset")
if not importing:
    with st.expander("Import a dataset", expanded=dataset is None, icon=":material/add_photo_alternate:"):
        draw_import()
if dataset:
    draw_dataset(dataset)
draw_unreadable(DATASETS)
