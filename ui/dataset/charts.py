"""Charts of a dataset: class balance, shapes, file sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from core.base.contracts import Shape
from ui.shared.theme import PALETTE, finish

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

SPLIT_COLOURS = (PALETTE[4], PALETTE[3], *PALETTE[5:])
"""None of a format: a split is something else."""

NAMED_CLASSES = 30
"""With more classes than this the bars are ranked instead of named."""


def class_balance(counts: Sequence[tuple[str, str, int]]) -> alt.Chart:
    """Bars of images by class, stacked by split; from (split, class, images)."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(counts, columns=["split", "class", "images"])
    splits = list(dict.fromkeys(table["split"]))
    colour = alt.Color("split:N", scale=alt.Scale(domain=splits, range=list(SPLIT_COLOURS[: len(splits)])))
    if table["class"].nunique() > NAMED_CLASSES:
        return finish(_ranked(table, colour))
    bars = alt.Chart(table).mark_bar(cornerRadiusEnd=2)
    return finish(
        bars.encode(
            y=alt.Y("class:N", title=None, sort=None),
            x=alt.X("images:Q", title="images", axis=alt.Axis(format=",d", tickMinStep=1, tickCount=6)),
            color=colour,
            order=alt.Order("split:N"),
            tooltip=["class", "split", alt.Tooltip("images", format=",")],
        ).properties(height=alt.Step(26))
    )


def _ranked(table: pd.DataFrame, colour: alt.Color) -> alt.Chart:
    import altair as alt

    order = table.groupby("class")["images"].sum().rank(method="first", ascending=False)
    table = table.assign(rank=table["class"].map(order))
    return (
        alt.Chart(table)
        .mark_bar(width={"band": 1})
        .encode(
            x=alt.X("rank:O", title="classes, the most frequent first", axis=alt.Axis(labels=False, ticks=False)),
            y=alt.Y("images:Q", axis=alt.Axis(format=",d")),
            color=colour,
            tooltip=["class", "split", alt.Tooltip("images", format=",")],
        )
        .properties(height=280)
    )


def shape_map(shapes: Iterable[tuple[Shape, int]]) -> alt.Chart:
    """Circles by width and height, as large as the shape is frequent."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame([(w, h, images) for (h, w, _), images in shapes], columns=["width", "height", "images"])
    top = float(max(table["width"].max(), table["height"].max())) * 1.05
    scale = alt.Scale(domain=[0, top], nice=False)
    return finish(
        alt.Chart(table)
        .mark_circle(color=SPLIT_COLOURS[0], opacity=0.6)
        .encode(
            x=alt.X("width:Q", title="width in pixels", scale=scale),
            y=alt.Y("height:Q", title="height in pixels", scale=scale),
            size=alt.Size("images:Q", legend=None, scale=alt.Scale(range=[12, 500])),
            tooltip=["width", "height", alt.Tooltip("images", format=",")],
        )
        .properties(height=320)
    )


def size_histogram(sizes: Sequence[int]) -> alt.Chart:
    """How many files have how many bytes."""
    import altair as alt
    import numpy as np
    import pandas as pd

    counts, edges = np.histogram(np.asarray(sizes) / 1000, bins=min(40, max(len(set(sizes)), 1)))
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "images": counts})
    return finish(
        alt.Chart(table)
        .mark_bar(color=SPLIT_COLOURS[0])
        .encode(
            x=alt.X("from:Q", bin="binned", title="file size in kB"),
            x2="to:Q",
            y=alt.Y("images:Q", axis=alt.Axis(format=",d")),
            tooltip=[
                alt.Tooltip("from", title="from kB", format=".2f"),
                alt.Tooltip("to", title="to kB", format=".2f"),
                alt.Tooltip("images", format=","),
            ],
        )
        .properties(height=320)
    )
