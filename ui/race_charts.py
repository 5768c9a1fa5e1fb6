"""Charts of a race: live while it runs, standings when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.jobs.watch import Measured
from core.measure.races import Standing
from ui.stores import label
from ui.theme import FIGURE_COLOUR, finish, format_scale, format_title
from ui.words import number_text, rounded

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

BAR = 40


def named(store: str) -> str:
    """ "lmdb/raw" as people read it."""
    return label(*store.split("/", 1))


def standings_chart(rows: Sequence[Standing]) -> alt.LayerChart:
    """Medians as bars, the slowest and the fastest turn as whiskers, the median's figure beside."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(
        [
            {
                "store": named(row.store),
                "format": format_title(row.format),
                "median": row.median,
                "slowest": row.slowest,
                "fastest": row.fastest,
                "turns": row.turns,
                "figure": number_text(rounded(row.median)),
            }
            for row in rows
        ]
    )
    top = float(table["fastest"].max()) * 1.18
    base = alt.Chart(table).encode(y=alt.Y("store:N", title=None, sort=list(table["store"])))
    bars = base.mark_bar(cornerRadiusEnd=3, size=24).encode(
        x=alt.X(
            "median:Q",
            title="images per second",
            scale=alt.Scale(domain=[0, top]),
            axis=alt.Axis(format="~s", tickCount=6),
        ),
        color=alt.Color("format:N", scale=format_scale(), legend=None),
        tooltip=[
            "store",
            *(alt.Tooltip(name, title=f"{name}, images/s", format=",.0f") for name in ("median", "slowest", "fastest")),
            "turns",
        ],
    )
    spread = base.mark_rule(strokeWidth=2, color=FIGURE_COLOUR).encode(x="slowest:Q", x2="fastest:Q")
    figures = base.mark_text(align="left", dx=8, fontSize=13, fontWeight=600).encode(
        x="fastest:Q", text="figure:N", color=alt.value(FIGURE_COLOUR)
    )
    return finish((bars + spread + figures).properties(height=alt.Step(BAR)))


def live_chart(samples: Sequence[Measured]) -> alt.Chart:
    """Images a second as they were measured, a line for each turn of a store."""
    import altair as alt

    table = _live_table(samples)
    return finish(
        alt.Chart(table)
        .mark_line(strokeWidth=2.5, point={"size": 18, "filled": True})
        .encode(
            x=alt.X("seconds:Q", title="seconds since the first measurement"),
            y=alt.Y("images/s:Q", title="images per second", axis=alt.Axis(format="~s")),
            color=alt.Color("format:N", scale=_scale_of(table)),
            detail=["store:N", "round:N"],
            tooltip=["store", "round", alt.Tooltip("images/s", format=",.0f")],
        )
        .properties(height=260)
    )


def _scale_of(table: pd.DataFrame) -> alt.Scale:
    """The formats' colours, with only those in the legend that take part."""
    import altair as alt

    scale = format_scale()
    pairs = [(name, colour) for name, colour in zip(scale.domain, scale.range, strict=True)
             if name in set(table["format"])]  # fmt: skip
    return alt.Scale(domain=[name for name, _ in pairs], range=[colour for _, colour in pairs])


def _live_table(samples: Sequence[Measured]) -> pd.DataFrame:
    import pandas as pd

    began = samples[0].at if samples else 0.0
    return pd.DataFrame(
        [
            {
                "seconds": sample.at - began,
                "images/s": sample.values["samples_per_s"],
                "store": named(str(sample.values["store"])),
                "format": format_title(str(sample.values["format"])),
                "round": sample.values["round"],
            }
            for sample in samples
        ]
    )


def turn_rows(turns: Sequence[Mapping[str, Any]]) -> dict[str, list[object]]:
    """Every turn as it was measured, as the columns of a table."""
    return {
        "Round": [turn["round"] for turn in turns],
        "Store": [named(turn["store"]) for turn in turns],
        "Images/s": [round(turn["samples_per_s"]) for turn in turns],
        "Images": [turn["samples"] for turn in turns],
        "Time": [turn["seconds"] for turn in turns],
        "Reading alone": [round(turn["ceilings"].get("read", 0)) or None for turn in turns],
        "First batch": [turn["first_batch_s"] * 1000 for turn in turns],
        "Workers": [turn["workers"] for turn in turns],
        "Cache": [turn["cache"] for turn in turns],
    }
