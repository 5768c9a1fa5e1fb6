"""A table of text that shows all of it: cells wrap, and where even that is too wide a row is a card."""

from __future__ import annotations

import streamlit as st

from core.report.document import Table
from core.report.html import CARDS, html_table
from ui.shared.labels import verbatim

TABLE_STYLE = (
    ".wide{overflow-x:auto} .wide table{border-collapse:collapse;width:100%;font-size:0.875rem} "
    ".wide th{text-align:left;opacity:0.8;font-weight:600} .wide .number{text-align:right;white-space:nowrap} "
    ".wide th,.wide td{padding:5px 14px 5px 0;vertical-align:top;border-bottom:1px solid rgba(128,128,128,0.25)} "
    "@media (max-width:900px){.wide th,.wide td{padding:4px 7px 4px 0}}"
)


def draw_wide_table(block: Table) -> None:
    """With its title; one that is folded behind its title."""
    if block.folded:
        columns = [name or f"column {number}" for number, name in enumerate(block.columns)]
        rows = [dict(zip(columns, row, strict=True)) for row in block.rows]
        plain = {name: st.column_config.TextColumn("" if name.startswith("column ") else name) for name in columns}
        with st.expander(verbatim(block.title), icon=":material/table_rows:"):
            st.dataframe(rows, hide_index=True, column_config=plain)
    else:
        st.caption(f"**{verbatim(block.title)}**")
        st.html(f"<style>{TABLE_STYLE}{CARDS.read_text(encoding='utf-8')}</style>{html_table(block)}")
