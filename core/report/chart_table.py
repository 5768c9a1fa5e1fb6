"""The table behind a chart: its numbers in rows, under the titles that the chart gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..base.units import number_text
from .document import Table

if TYPE_CHECKING:
    import altair as alt

ROW_CHANNELS = ("row", "column", "facet", "y", "yOffset", "x", "color", "strokeDash", "shape")
MEASURE_CHANNELS = ("x2", "y2", "size", "detail")
"""Channels that say something, in the order of columns; colours without a scale and texts beside marks repeat it."""

DIGITS = 4
"""Significant digits of a number that is not whole."""

MOST_ROWS = 400
"""Of a table in a document."""

Spec = Mapping[str, Any]


def chart_rows(chart: alt.TopLevelMixin) -> list[dict[str, Any]]:
    """A row per mark of the chart's main data (those of which it shows the most fields), by title.

    Numbers have at most four significant digits. Empty where the chart has no data.
    """
    spec = chart.to_dict()
    datasets: Spec = spec.get("datasets", {})
    fields: dict[str, dict[str, str]] = {}
    values: dict[str, list[dict[str, Any]]] = {}
    for data, encoding in _encoded(spec, {}, {}):
        found = data.get("values") or datasets.get(str(data.get("name")), [])
        name = str(data.get("name") or id(found))
        values.setdefault(name, found)
        _note_fields(fields.setdefault(name, {}), encoding)
    if not fields:
        return []
    name = max(fields, key=lambda one: (len(_present(fields[one], values[one])), len(values[one])))
    titles = _present(fields[name], values[name])
    return [{title: _short(row.get(field)) for field, title in titles.items()} for row in values[name]]


def chart_table(chart: alt.TopLevelMixin, title: str) -> Table:
    """The same as a table of text that is folded behind its title; a long one says what it leaves out."""
    rows = chart_rows(chart)
    names = list(rows[0]) if rows else []
    shown = [[_text(row[name]) for name in names] for row in rows[:MOST_ROWS]]
    left_out = f", the first {MOST_ROWS} of {len(rows):,} rows" if len(rows) > MOST_ROWS else ""
    return Table(f"{title}{left_out}", names, shown, folded=True)


def _encoded(spec: Spec, data: Spec, encoding: Spec) -> Iterator[tuple[Spec, Spec]]:
    """(data, encoding) of every part that is drawn; both are inherited by what lies inside."""
    data = spec.get("data") or data
    encoding = {**encoding, **spec.get("encoding", {})}
    facet = spec.get("facet")
    if isinstance(facet, dict):
        encoding |= {"facet": facet} if "field" in facet else facet
    inside = [*spec.get("layer", []), *spec.get("hconcat", []), *spec.get("vconcat", []), *spec.get("concat", [])]
    inside += [spec["spec"]] if "spec" in spec else []
    for one in inside:
        yield from _encoded(one, data, encoding)
    if not inside and data:
        yield data, encoding


def _note_fields(fields: dict[str, str], encoding: Spec) -> None:
    """Field -> title, what a tooltip calls it first."""
    tooltip = encoding.get("tooltip", [])
    hints = {one["field"]: one for one in (tooltip if isinstance(tooltip, list) else [tooltip]) if "field" in one}
    channels = [encoding.get(name, {}) for name in (*ROW_CHANNELS, *MEASURE_CHANNELS)]
    told = [one for one in channels if "field" in one and one.get("scale", {}) is not None]
    for one in (*told, *hints.values()):
        field = one["field"]
        better = hints.get(field, {}).get("title")
        if better or field not in fields or fields[field] == field:
            fields[field] = _title(better or one.get("title"), field)


def _title(title: object, field: str) -> str:
    return " ".join(map(str, title)) if isinstance(title, list) else str(title or field)


def _present(fields: Mapping[str, str], rows: list[dict[str, Any]]) -> dict[str, str]:
    """Those that the rows have; where two have one title, the second goes by its field."""
    there = set(rows[0]) if rows else set()
    titles: dict[str, str] = {}
    for field, title in fields.items():
        if field in there:
            titles[field] = field if title in titles.values() else title
    return titles


def _short(value: object) -> object:
    if not isinstance(value, float) or value.is_integer():
        return value
    return float(f"{value:.{DIGITS}g}") if abs(value) < 10**DIGITS else round(value)


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return number_text(value) if float(value).is_integer() or abs(value) >= 1 else f"{value:.3g}"
