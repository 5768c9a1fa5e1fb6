"""Charts on pages: the table behind each, and panels that fit a narrow page."""

from __future__ import annotations

import re
from pathlib import Path

import altair as alt
import pandas as pd

from core.report.chart_table import chart_rows, chart_table
from ui.benchmark.storage.charts import LOG, times_chart, times_table
from ui.shared.charts import Key, legend, legend_html, panels
from ui.shared.monitor_chart import monitor_chart
from ui.shared.store_charts import compression_gains

ROOT = Path(__file__).resolve().parent.parent
GAINS = [("raw", "zstd", 0.51234, 100.0, 200.0), ("raw", "lz4", 0.6, 300.0, 400.0), ("png", "zstd", 1.0, 1.0, 2.0)]


def test_all_charts_of_pages_are_drawn_by_the_one_that_adds_a_table() -> None:
    drawing = {
        str(path.relative_to(ROOT))
        for path in ROOT.joinpath("ui").rglob("*.py")
        if re.search(r"st\.(altair|vega_lite|line|bar|area|scatter|plotly|pyplot)_?chart|st\.pyplot", path.read_text())
    }
    assert drawing == {"ui/shared/charts.py"}


def test_nothing_on_a_page_covers_something_else_for_a_while() -> None:
    pages = [path for path in ROOT.joinpath("ui").rglob("*.py") if "toast" in path.read_text()]
    assert pages == [], "a toast covers what lies below it; endings are told where their work was started"


def test_rows_have_the_titles_of_the_chart() -> None:
    table = pd.DataFrame(
        {"store": ["a", "b"], "rate": [1234.56, 0.123456], "figure": ["1.2k", "0.1"], "hex": ["#1", "#2"]}
    )
    base = alt.Chart(table).encode(
        y="store:N",
        x=alt.X("rate:Q", title="images per second"),
        color=alt.Color("hex:N", scale=None),
    )
    chart = base.mark_bar() + base.mark_text().encode(text="figure:N")
    assert chart_rows(chart) == [
        {"store": "a", "images per second": 1235.0},
        {"store": "b", "images per second": 0.1235},
    ]


def test_a_tooltip_names_a_field_first_and_no_two_columns_have_one_name() -> None:
    table = pd.DataFrame({"low": [1], "high": [2], "mid": [1.5]})
    base = alt.Chart(table).encode(x=alt.X("low:Q", title="seconds"), x2="high:Q")
    dots = (
        alt.Chart(table)
        .mark_point()
        .encode(x=alt.X("mid:Q", title="seconds"), tooltip=[alt.Tooltip("high:Q", title="slowest")])
    )
    assert chart_rows(base.mark_rule() + dots) == [{"seconds": 1, "slowest": 2, "mid": 1.5}]


def test_a_long_table_of_a_document_says_what_it_leaves_out() -> None:
    chart = alt.Chart(pd.DataFrame({"x": range(1000), "y": [0.5] * 1000})).mark_line().encode(x="x:Q", y="y:Q")
    table = chart_table(chart, "Loss")
    assert table.title == "Loss, the first 400 of 1,000 rows"
    assert (len(table.rows), list(table.columns), table.rows[7], table.folded) == (400, ["y", "x"], ["0.5", "7"], True)


def test_panels_hold_the_rows_of_the_whole_chart() -> None:
    whole = compression_gains(GAINS)
    drawn = panels(whole)
    assert list(drawn) == ["raw", "png"]
    parts = [row for panel in drawn.values() for row in chart_rows(panel)]
    assert [{**row, "encoding": row.get("encoding")} for row in parts] == chart_rows(whole)
    assert all(panel.to_dict()["width"] == "container" for panel in drawn.values())


def test_panels_that_share_a_scale_keep_it() -> None:
    """A chart on its own has the scale of its own rows, unless it is told another."""
    rows = [
        {"format": "lmdb", "variant": "raw", "operation": operation, "samples": samples, "seconds": [factor * samples]}
        for operation, factor in (("read-one", 1e-6), ("write-one", 1e-2))
        for samples in (1, 100)
    ]
    table = times_table(rows, False, False)
    whole = times_chart(table, rows, LOG, list(dict.fromkeys(table["operation"])))
    scales = [panel.to_dict()["layer"][1]["encoding"]["y"]["scale"]["domain"] for panel in panels(whole).values()]
    assert scales[0] == scales[1]
    assert legend(whole)[0].label == "lmdb/raw"


def test_what_was_seen_of_the_machine_is_a_panel_each() -> None:
    rows = [{"ts": float(at), "cpu_pct": 50.0, "rss_mb": 10.0, "gpu_util": None} for at in range(3)]
    whole = monitor_chart(rows)
    assert whole is not None
    assert list(panels(whole)) == ["CPU, % (100: one core)", "Memory, MB"]


def test_a_legend_escapes_its_labels() -> None:
    drawn = legend_html([Key("<b>", "#123456", (5, 4))])
    assert "&lt;b&gt;" in drawn
    assert "#123456 0 5px" in drawn
