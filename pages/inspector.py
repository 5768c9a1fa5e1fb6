"""Inspector: look into any built store, sample by sample."""

import streamlit as st

from core.errors import FormatMattersError
from core.stores import list_stores
from ui import state
from ui.frame import through_router
from ui.inspector import choose, draw_store
from ui.navigation import link

through_router()
st.title("Inspector")
dataset = state.current_dataset()
stores = list_stores(state.home(), dataset.name) if dataset else []

if dataset is None:
    st.markdown("Look into a store, image by image. There is no dataset yet to build one from.")
    link("dataset", "Import a dataset")
elif not stores:
    st.markdown(f"Look into a store, image by image. Nothing is built of **{dataset.name}** yet.")
    link("build", "Build a store")
else:
    store, split, label = choose(stores)
    try:
        draw_store(store, split, label, [other for other in stores if other.path != store.path])
    except FormatMattersError as error:
        st.error(str(error), icon=":material/error:")
