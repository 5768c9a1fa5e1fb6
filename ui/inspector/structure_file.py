"""A file drawn as a sheet: from left to right and top to bottom, from its first byte to its last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ui.shared.theme import finish

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

COLUMNS = 96
ROWS = 16
CELLS = COLUMNS * ROWS

ROW_HEIGHT = 14
NAMES_HEIGHT, GRADIENT_HEIGHT = 84, 116
"""Pixels of a row of squares, and of the two kinds of legends above them with the margins that Streamlit adds."""

NOTHING = "#8A94A14D"
"""Of the parts of a file that the picture is not about."""

ABOUT_PICTURE = "The file, read like a page of text: its first byte is top left, its last bottom right."


def file_picture(cells: Sequence[str | None], colours: Mapping[str, str]) -> alt.LayerChart:
    """Squares by kind; `cells` has a kind (of `colours`) or None for each part of the file, in order."""
    import altair as alt

    known = [kind for kind in colours if kind in set(cells)]
    scale = alt.Scale(domain=known, range=[colours[kind] for kind in known])
    return _sheet(_places(cells, "kind"), alt.Color("kind:N", scale=scale, title=None), "kind:N", NAMES_HEIGHT)


def order_picture(cells: Sequence[float | None]) -> alt.LayerChart:
    """Squares by which part of a dataset lies there: 0 its beginning, 1 its end, None something else or nothing."""
    import altair as alt

    legend = alt.Legend(title="from the first row to the last", format=".0%", values=[0, 0.5, 1], gradientLength=220)
    colour = alt.Color("part:Q", scale=alt.Scale(domain=[0, 1], scheme="viridis"), legend=legend)
    return _sheet(_places(cells, "part"), colour, alt.Tooltip("part:Q", format=".1%"), GRADIENT_HEIGHT)


def _places(cells: Sequence[object], name: str) -> pd.DataFrame:
    """A row a part, with its place on the sheet."""
    import pandas as pd

    numbers = range(len(cells))
    columns, rows = [number % COLUMNS for number in numbers], [number // COLUMNS for number in numbers]
    return pd.DataFrame({name: list(cells), "column": columns, "row": rows})


def _sheet(table: pd.DataFrame, colour: alt.Color, tooltip: str | alt.Tooltip, legend_height: int) -> alt.LayerChart:
    """What is known in colour, over a sheet of all parts. The height that is asked for includes the legend."""
    import altair as alt

    rows = int(table["row"].max()) + 1 if len(table) else 1
    places = {
        "x": alt.X("column:Q", axis=None, scale=alt.Scale(domain=[0, COLUMNS], nice=False)),
        "x2": "right:Q",
        "y": alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[rows, 0], nice=False)),
        "y2": "bottom:Q",
    }
    corner = {"right": "datum.column + 0.9", "bottom": "datum.row + 0.86"}
    kept = ["column", "row"]
    sheet = alt.Chart(table[kept]).mark_rect(color=NOTHING, cornerRadius=1).transform_calculate(**corner)
    known = alt.Chart(table.dropna()).mark_rect(cornerRadius=1).transform_calculate(**corner)
    layers = alt.layer(sheet.encode(**places), known.encode(**places, color=colour, tooltip=[tooltip]))
    return finish(layers.properties(height=ROW_HEIGHT * rows + legend_height))
