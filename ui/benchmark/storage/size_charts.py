"""Charts of what the storage methods occupy on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.measure.storage.methods import TUTORIAL, WRITE_MANY, WRITE_ONE
from ui.benchmark.storage.charts import LINE_LEGEND, LINEAR, TUTORIAL_DASH, Row, decades, methods_of, scale_of
from ui.shared.labels import size_text
from ui.shared.stores import SIZES, store_name
from ui.shared.theme import FIGURE_COLOUR, finish, format_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt
    import pandas as pd


def sizes_table(rows: Sequence[Row]) -> pd.DataFrame:
    """The four sizes of what each method wrote, at each number of images; what it writes one by one apart, where that
    makes other files.
    """
    import pandas as pd

    many = {(row["format"], row["variant"], row["samples"]): row for row in rows if row["operation"] == WRITE_MANY}
    methods = methods_of(rows)
    lines = []
    for row in sorted(rows, key=lambda row: methods.index((row["format"], row["variant"]))):
        twin = many.get((row["format"], row["variant"], row["samples"]))
        first = row["operation"] == WRITE_ONE and twin is None
        apart = row["operation"] == WRITE_ONE and twin is not None and twin["files"] != row["files"]
        if row["operation"] != WRITE_MANY and not apart and not first:
            continue
        method = store_name(row["format"], row["variant"])
        lines.append(
            {
                "method": f"{method}, one by one" if apart or (first and row["variant"] == TUTORIAL) else method,
                "format": row["format"],
                "colour": format_colour(row["format"]),
                "images": row["samples"],
                "files": row["files"],
                **{name: row[name] for name in SIZES},
            }
        )
    return pd.DataFrame(lines)


def growth_chart(table: pd.DataFrame, scale: str) -> alt.LayerChart:
    """Blocks on the disk by number of images."""
    import altair as alt

    log = scale != LINEAR
    methods = list(dict.fromkeys(table["method"]))
    colours = [table.loc[table["method"] == method, "colour"].iloc[0] for method in methods]
    dashes = [TUTORIAL_DASH if "tutorial" in method else [1, 0] for method in methods]
    counts = sorted({int(count) for count in table["images"]})
    ticks = decades(list(table["allocated_bytes"]))
    table = table.assign(figure=table["allocated_bytes"].map(size_text))
    base = alt.Chart(table).encode(
        x=alt.X("images:Q", title="images", scale=scale_of(log),
                axis=alt.Axis(format="~s", grid=False, **({"values": counts} if log else {"tickCount": 5}))),
        y=alt.Y("allocated_bytes:Q", title="bytes allocated on disk", scale=scale_of(log, ticks),
                axis=alt.Axis(labelExpr=BYTES_AXIS, **({"values": ticks} if log else {"tickCount": 5}))),
        color=alt.Color("method:N", title=None, scale=alt.Scale(domain=methods, range=colours)),
    )  # fmt: skip
    line = base.mark_line(strokeWidth=2.4).encode(
        strokeDash=alt.StrokeDash("method:N", title=None, scale=alt.Scale(domain=methods, range=dashes))
    )
    dots = base.mark_point(size=46, filled=True, opacity=1).encode(
        tooltip=["method", alt.Tooltip("images", format=","), alt.Tooltip("figure", title="allocated"), "files"]
    )
    return finish((line + dots).properties(height=300)).configure_legend(
        orient="right",
        labelLimit=320,
        **LINE_LEGEND,
    )


BYTES_AXIS = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, ',~r') + ' GB' : datum.value >= 1e6 ? "
    "format(datum.value / 1e6, ',~r') + ' MB' : format(datum.value / 1e3, ',~r') + ' kB'"
)


def sizes_chart(table: pd.DataFrame) -> alt.FacetChart:
    """The four sizes at one number of images, one bar per method, all on one scale."""
    import altair as alt

    long = table.melt(["method", "format", "colour", "files"], list(SIZES), "size", "bytes")
    long["size"] = long["size"].map(SIZES)
    long["figure"] = long["bytes"].map(size_text)
    scale = alt.Scale(domain=[0, float(long["bytes"].max()) * 1.4], nice=False)
    base = alt.Chart(long).encode(
        x=alt.X("bytes:Q", scale=scale, axis=None),
        y=alt.Y(
            "method:N", title=None, sort=list(table["method"]), axis=alt.Axis(labelLimit=280, ticks=False, domain=False)
        ),
    )
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        color=alt.Color("colour:N", scale=None), tooltip=["method", "size", "figure", "files"]
    )
    figures = base.mark_text(align="left", dx=4, fontSize=12).encode(text="figure:N", color=alt.value(FIGURE_COLOUR))
    panel = (bars + figures).properties(width=165, height=alt.Step(26))
    return finish(panel.facet(column=alt.Column("size:N", sort=list(SIZES.values()), title=None)))
