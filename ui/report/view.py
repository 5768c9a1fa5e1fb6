"""The blocks of a report on the page."""

from __future__ import annotations

import streamlit as st

from core.report.answer import SOURCE
from core.report.document import Block, Chart, Code, Points, Section, Table, Text
from ui.shared.charts import draw_chart
from ui.shared.labels import plain_lines, verbatim
from ui.shared.theme import finish
from ui.shared.wide_table import draw_wide_table


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
        draw_chart(finish(block.drawing), block.shows, key=f"report.{block.name}")
    elif isinstance(block, Table):
        draw_wide_table(block)
    elif isinstance(block, Code):
        st.code(plain_lines(block.text.rstrip()), language=block.language, wrap_lines=True)


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
