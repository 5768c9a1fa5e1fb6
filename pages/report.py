"""Report: what was measured, which store to use, what it would cost at the real size, and what was not measured."""

import streamlit as st

from ui.report import page
from ui.shared import state
from ui.shared.labels import verbatim
from ui.shared.navigation import link
from ui.shared.stores import stores
from ui.shell.frame import through_router

through_router()
st.title("Report")

dataset = state.current_dataset()
if dataset is None:
    st.markdown("A report is made of what was measured on a dataset, and there is none yet.")
    link("dataset", "Import a dataset")
    link("start", "Or run the demo")
    st.stop()

if not stores(dataset.name):
    st.markdown(f"A report compares built stores. No store was built from {verbatim(dataset.name)} yet.")
    link("build", "Build stores")
    st.stop()

page.draw(dataset)
