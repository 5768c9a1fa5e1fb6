"""What a page shows that has nothing to work on yet."""

from __future__ import annotations

import streamlit as st

from ui.shared.navigation import link


def draw_no_data(why: str, page: str, action: str) -> None:
    """`why` as Markdown, a link to the `page` where that can be changed, and a link to the demo."""
    st.markdown(why)
    link(page, action)
    link("start", "Or run the demo")
