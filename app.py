"""The router: page config, navigation, and what stands beside every page."""

import streamlit as st

from core.errors import FormatMattersError
from ui.navigation import ROUTED_KEY, navigate
from ui.sidebar import draw_sidebar

st.set_page_config(page_title="Format Matters", page_icon=":material/stacked_bar_chart:", layout="wide")
st.session_state[ROUTED_KEY] = True
page = navigate()
try:
    draw_sidebar()
    page.run()
except FormatMattersError as error:
    st.error(str(error), icon=":material/error:")
