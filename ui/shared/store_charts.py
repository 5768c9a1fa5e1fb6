"""Charts of built stores: the four sizes, time, files, and what a compression brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.base.units import listed
from core.formats import FORMATS
from ui.shared.charts import draw_panels, draw_table
from ui.shared.labels import verbatim
from ui.shared.stores import SIZES, SIZES_EXPLAINED
from ui.shared.theme import FIGURE_COLOUR, PALETTE, finish, format_scale

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

BAR = 26


def draw_four_sizes(table: pd.DataFrame) -> None:
    """The four sizes of some stores, side by side where there is room and below each other where there is not."""
    shows = "The four sizes of each store, in MB"
    draw_panels(four_sizes(table), shows, "MB")
    draw_table(partial(_four_sizes_rows, table), shows, "four_sizes")
    st.caption(SIZES_EXPLAINED)
    elsewhere = [row.store for row in table.itertuples() if row.used_bytes < row.payload_bytes and _refers(row.store)]
    if elsewhere:
        st.caption(
            f"**{listed(map(verbatim, elsewhere))}** only lists the dataset's own files: its images' bytes are in "
            "Payload and in no other size."
        )


def _four_sizes_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {"store": row["store"], **{f"{title}, MB": round(row[name] / 1e6, 3) for name, title in SIZES.items()}}
        for row in table.to_dict("records")
    ]


def _refers(store: str) -> bool:
    """Whether a store's format leaves images where they are, by the name that stores have."""
    format = store.partition("/")[0]
    return format in FORMATS and FORMATS[format].refers


def four_sizes(table: pd.DataFrame) -> dict[str, alt.LayerChart]:
    """Title -> a chart for each of the four sizes, all on one scale, one bar per store."""
    import altair as alt

    largest = max(float(table[name].max()) for name in SIZES) / 1e6
    scale = alt.Scale(domain=[0, largest * 1.25 or 1.0], nice=False)
    return {title: _one_size(table, name, title, scale) for name, title in SIZES.items()}


def _one_size(table: pd.DataFrame, name: str, title: str, scale: alt.Scale) -> alt.LayerChart:
    import altair as alt

    shown = table[["store", "format"]].assign(size=title, megabytes=table[name] / 1e6)
    base = alt.Chart(shown).encode(x=alt.X("megabytes:Q", scale=scale, axis=None), y=_by_store(table))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        color=alt.Color("format:N", scale=format_scale(), legend=None),
        tooltip=["store", "size", alt.Tooltip("megabytes", title="MB", format=",.2f")],
    )
    figures = base.mark_text(align="left", dx=4, fontSize=12).encode(
        text=alt.Text("megabytes:Q", format=",.3~r"), color=alt.value(FIGURE_COLOUR)
    )
    return finish((bars + figures).properties(height=BAR * len(table) + 10))


def one_figure(table: pd.DataFrame, field: str, title: str, text: Callable[[float], str], scale: str) -> alt.LayerChart:
    """One bar per store of one of its figures, with the figure at its end, no axis. `scale`: linear or symlog."""
    import altair as alt

    table = table.assign(figure=table[field].map(text))
    top = float(table[field].max())
    domain = alt.Scale(type=scale, domain=[0, top * (1.45 if scale == "linear" else 30)], nice=False)
    base = alt.Chart(table).encode(x=alt.X(f"{field}:Q", scale=domain, axis=None), y=_by_store(table))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        color=alt.Color("format:N", scale=format_scale(), legend=None),
        tooltip=["store", alt.Tooltip("figure:N", title=title)],
    )
    figures = base.mark_text(align="left", dx=5, fontSize=12).encode(text="figure:N", color=alt.value(FIGURE_COLOUR))
    return finish((bars + figures).properties(height=alt.Step(BAR)))


def _by_store(table: pd.DataFrame) -> alt.Y:
    import altair as alt

    return alt.Y("store:N", title=None, sort=list(table["store"]), axis=alt.Axis(labelLimit=230))


def compression_gains(rows: Sequence[tuple[str, str, float, float, float]]) -> alt.FacetChart:
    """Size after compression relative to before; from (encoding, compression, ratio, MB/s in, MB/s out)."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(rows, columns=["encoding", "compression", "ratio", "compress", "decompress"])
    order = list(dict.fromkeys(table["compression"]))
    base = alt.Chart(table).encode(
        y=alt.Y("compression:N", sort=order, title=None),
        x=alt.X(
            "ratio:Q",
            title="size after / before",
            scale=alt.Scale(domain=[0, max(1.1, table["ratio"].max() * 1.15)]),
            axis=alt.Axis(format=".0%", tickCount=4),
        ),
    )
    bars = base.mark_bar(cornerRadiusEnd=3, color=PALETTE[4]).encode(
        tooltip=[
            "encoding",
            "compression",
            alt.Tooltip("ratio", format=".1%"),
            alt.Tooltip("compress", title="compress, MB/s", format=",.0f"),
            alt.Tooltip("decompress", title="decompress, MB/s", format=",.0f"),
        ]
    )
    figures = base.mark_text(align="left", dx=5, fontSize=12).encode(
        text=alt.Text("ratio:Q", format=".0%"), color=alt.value(FIGURE_COLOUR)
    )
    panel = (bars + figures).properties(width=210, height=alt.Step(BAR))
    return finish(panel.facet(column=alt.Column("encoding:N", title=None, sort=None)))
