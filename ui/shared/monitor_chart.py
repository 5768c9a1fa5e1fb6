"""The chart of what a run used of the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ui.shared.theme import PALETTE, finish

if TYPE_CHECKING:
    import altair as alt


USED = "Processors, memory, disk and GPU during the run"
"""What the chart shows, in words."""


def monitor_chart(rows: Sequence[Mapping[str, float | None]]) -> alt.FacetChart | None:
    """What the process used of the machine over time, one panel per column; None where nothing was seen."""
    import altair as alt
    import pandas as pd

    table = _monitored(rows)
    if not table:
        return None
    frame = pd.DataFrame(table)
    line = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2, color=PALETTE[1])
        .encode(
            x=alt.X("seconds:Q", title="seconds"),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=3, format=",~r")),
            tooltip=[alt.Tooltip("seconds:Q", format=".1f"), alt.Tooltip("value:Q", format=",.1f")],
        )
        .properties(width=400, height=90)
    )
    faceted = line.facet(facet=alt.Facet("what:N", title=None, sort=list(dict.fromkeys(frame["what"]))), columns=2)
    return finish(faceted.resolve_scale(y="independent"))


COLUMNS = {
    "cpu_pct": "CPU, % (100: one core)",
    "rss_mb": "Memory, MB",
    "shared_mb": "Shared memory, MB",
    "read_mb": "Read from disk, MB (cumulative)",
    "write_mb": "Written to disk, MB (cumulative)",
    "gpu_util": "GPU, %",
    "gpu_mem_mb": "GPU memory, MB",
    "background_pct": "Background load, % of all CPUs",
}


def _monitored(rows: Sequence[Mapping[str, float | None]]) -> list[dict[str, Any]]:
    began = float(rows[0]["ts"] or 0.0) if rows else 0.0
    return [
        {"seconds": float(row["ts"] or 0.0) - began, "what": title, "value": row[name]}
        for name, title in COLUMNS.items()
        for row in rows
        if row.get(name) is not None
    ]
