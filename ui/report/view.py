"""The blocks of a report on the page."""

from __future__ import annotations

import streamlit as st

from core.report.answer import SOURCE
from core.report.document import Block, Chart, Code, Points, Section, Table, Text
from core.report.html import html_table
from ui.shared.labels import verbatim
from ui.shared.theme import finish

TABLE_STYLE = (
    ".wide{overflow-x:auto} .wide table{border-collapse:collapse;width:100%;font-size:0.875rem} "
    ".wide th{text-align:left;opacity:0.7;font-weight:600} .wide .number{text-align:right;white-space:nowrap} "
    ".wide th,.wide td{padding:5px 14px 5px 0;vertical-align:top;border-bottom:1px solid rgba(128,128,128,0.25)} "
    "@media (max-width:900px){.wide table{font-size:0.75rem} .wide th,.wide td{padding:4px 7px 4px 0}}"
)


def draw_section(section: Section, *, titled: bool = True) -> None:
    """`titled`: with its heading."""
    if titled:
        st.subheader(verbatim(section.title))
    for block in section.blocks:
        if block is not section.repeats:
            _draw(block)


def _draw(block: Block) -> None:
    if isinstance(block, Text):
        _draw_text(block)
    elif isinstance(block, Points):
        st.markdown("\n".join(f"- {_sourced(text)}" for text in block.texts))
    elif isinstance(block, Chart):
        st.markdown(verbatim(block.sentence))
        st.altair_chart(finish(block.drawing), key=f"report.chart.{block.name}", alt=block.shows)
    elif isinstance(block, Table):
        _draw_table(block)
    elif isinstance(block, Code):
        st.code(block.text.rstrip(), language=block.language, wrap_lines=True)


def _draw_text(block: Text) -> None:
    said = verbatim(block.text)
    if block.tone == "strong":
        st.markdown(f"### {said}")
    elif block.tone == "small":
        st.caption(said)
    elif block.tone == "warning":
        st.warning(said, icon=":material/hourglass_top:")
    else:
        st.markdown(said)


def _sourced(text: str) -> str:
    """A sentence; the records that it names at its end stand back."""
    source = SOURCE.search(text)
    said = verbatim(SOURCE.sub("", text))
    return f"{said} :small[:gray[{verbatim(source[1])}]]" if source else said


def _draw_table(block: Table) -> None:
    columns = [name or f"column {number}" for number, name in enumerate(block.columns)]
    rows = [dict(zip(columns, row, strict=True)) for row in block.rows]
    plain = {name: st.column_config.TextColumn("" if name.startswith("column ") else name) for name in columns}
    if block.folded:
        with st.expander(verbatim(block.title), icon=":material/table_rows:"):
            st.dataframe(rows, hide_index=True, column_config=plain)
    else:
        st.caption(f"**{verbatim(block.title)}**")
        st.html(f"<style>{TABLE_STYLE}</style>{html_table(block)}")  # wraps its text: no column is cut
