"""A file drawn as a sheet: from left to right and top to bottom, from its first byte to its last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ui.theme import finish

if TYPE_CHECKING:
    import altair as alt

COLUMNS = 96
ROWS = 16
CELLS = COLUMNS * ROWS

ABOUT_PICTURE = "The file, read like a page of text: its first byte is top left, its last bottom right."


def file_picture(cells: Sequence[str | None], colours: Mapping[str, str]) -> alt.Chart:
    """Squares by kind; `cells` has a kind (of `colours`) or None for each part of the file, in order."""
    import altair as alt

    table = _places([(kind,) for kind in cells], ["kind"])
    known = [kind for kind in colours if kind in set(cells)]
    scale = alt.Scale(domain=known, range=[colours[kind] for kind in known])
    return _sheet(table.dropna(), alt.Color("kind:N", scale=scale, title=None), ["kind"])


def order_picture(cells: Sequence[float | None]) -> alt.Chart:
    """Squares by which part of a dataset lies there: 0 its beginning, 1 its end, None something else or nothing."""
    import altair as alt

    table = _places([(part,) for part in cells], ["part"])
    return _sheet(
        table,
        alt.condition(
            "isValid(datum.part)",
            alt.Color("part:Q", scale=alt.Scale(domain=[0, 1], scheme="viridis"),
                      legend=alt.Legend(title="from the first image to the last", format=".0%", orient="top",
                                        gradientLength=220)),
            alt.value("#9AA5B140"),
        ),
        [alt.Tooltip("part:Q", format=".1%")],
    )  # fmt: skip


def _places(rows: list[tuple[object, ...]], names: list[str]):
    import pandas as pd

    table = pd.DataFrame(rows, columns=names)
    table["column"] = table.index % COLUMNS
    table["row"] = table.index // COLUMNS
    return table


def _sheet(table, colour, tooltip):
    import altair as alt

    rows = int(table["row"].max()) + 1 if len(table) else 1
    chart = alt.Chart(table).mark_rect(stroke=None, cornerRadius=1)
    chart = chart.transform_calculate(right="datum.column + 0.9", bottom="datum.row + 0.86").encode(
        x=alt.X("column:Q", axis=None, scale=alt.Scale(domain=[0, COLUMNS], nice=False)),
        x2="right:Q",
        y=alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[rows, 0], nice=False)),
        y2="bottom:Q",
        color=colour,
        tooltip=tooltip,
    )
    return finish(chart.properties(height=max(12 * rows, 14)))
