"""Charts of a loader run that is over: the limits of its stages, where the time goes, and its repeats as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.measure.bottleneck import Bottleneck
from core.measure.configuration_summary import STAGE_ORDER, ConfigurationSummary
from core.measure.loader_lines import is_disturbed
from core.measure.loader_runs import configuration_of
from ui.shared.labels import number_text, rounded, verbatim
from ui.shared.ranking_chart import bar_step, by_configuration
from ui.shared.theme import FIGURE_COLOUR, PALETTE, finish

if TYPE_CHECKING:
    import altair as alt

STAGES = {
    "read": "Read",
    "decompress": "Decompress",
    "decode": "Decode",
    "transform": "Transform",
    "collate": "Normalise and collate",
    "rest": "Python and waiting",
}
STAGE_COLOURS = (PALETTE[1], PALETTE[4], PALETTE[0], PALETTE[3], PALETTE[2], PALETTE[5])
OTHER_LIMITS = {"copy": "Copy to the device", "cold read": "Read from a cold disk"}


def stage_limits_chart(cases: Sequence[ConfigurationSummary], labels: Mapping[str, str]) -> alt.LayerChart:
    """The limits of each stage as ticks on a logarithmic scale, and what a configuration reached as a diamond."""
    import altair as alt
    import pandas as pd

    names = {**STAGES, **OTHER_LIMITS}
    limits = pd.DataFrame(
        [
            {"configuration": labels[case.name], "stage": names[name], "rate": case.ceilings[name]}
            for case in cases
            for name in (*STAGE_ORDER, *OTHER_LIMITS)
            if case.ceilings.get(name)
        ]
    )
    reached = pd.DataFrame(
        [
            {"configuration": labels[case.name], "rate": case.loading, "top": min(case.upper_bounds.values()),
             "figure": number_text(rounded(case.loading))}
            for case in cases
        ]
    )  # fmt: skip
    shown = [title for title in names.values() if title in set(limits["stage"])]
    colours = dict(zip(names.values(), (*STAGE_COLOURS, PALETTE[3], PALETTE[5]), strict=True))
    scale = alt.Scale(type="log", nice=False, padding=24)
    x = alt.X("rate:Q", title="images per second (logarithmic)", scale=scale, axis=alt.Axis(format="~s", tickCount=6))
    y = by_configuration(reached)
    gap = alt.Chart(reached).mark_rule(strokeDash=[2, 3], color=FIGURE_COLOUR).encode(x=x, x2="top:Q", y=y)
    ticks = (
        alt.Chart(limits)
        .mark_tick(thickness=5, size=22, cornerRadius=2, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color("stage:N", scale=alt.Scale(domain=shown, range=[colours[title] for title in shown])),
            tooltip=["configuration", "stage", alt.Tooltip("rate:Q", title="images/s", format=",.0f")],
        )
    )
    base = alt.Chart(reached).encode(
        x=x, y=y, tooltip=["configuration", alt.Tooltip("rate:Q", title="reached", format=",.0f")]
    )
    marks = base.mark_point(shape="diamond", filled=True, size=110, color=FIGURE_COLOUR, opacity=1)
    figures = base.mark_text(dy=-13, fontSize=12, fontWeight=600, color=FIGURE_COLOUR).encode(text="figure:N")
    return finish((gap + ticks + marks + figures).properties(height=alt.Step(44)))


def costs_chart(cases: Sequence[ConfigurationSummary], labels: Mapping[str, str]) -> alt.Chart:
    """Where the time of a sample goes, as shares: its stages on all CPUs, and what is no stage."""
    import altair as alt
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for case in cases:
        total = max(1 / case.loading, sum(case.costs.values()))
        costs = {**case.costs, "rest": total - sum(case.costs.values())}
        for order, (name, title) in enumerate(STAGES.items()):
            if costs.get(name):
                rows.append(
                    {"configuration": labels[case.name], "stage": title, "order": order, "share": costs[name] / total,
                     "microseconds": 1e6 * costs[name]}
                )  # fmt: skip
    table = pd.DataFrame(rows)
    shown = [title for title in STAGES.values() if title in set(table["stage"])]
    colours = dict(zip(STAGES.values(), STAGE_COLOURS, strict=True))
    return finish(
        alt.Chart(table)
        .mark_bar(size=bar_step(len(cases)) * 0.6)
        .encode(
            y=by_configuration(table.drop_duplicates("configuration")),
            x=alt.X("share:Q", title="share of the time per sample", axis=alt.Axis(format=".0%", tickCount=5),
                    scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("stage:N", scale=alt.Scale(domain=shown, range=[colours[title] for title in shown])),
            order="order:Q",
            tooltip=["configuration", "stage", alt.Tooltip("share:Q", format=".0%"),
                     alt.Tooltip("microseconds:Q", title="µs per sample", format=",.2f")],
        )
        .properties(height=alt.Step(bar_step(len(cases))))
    )  # fmt: skip


def repeat_rows(repeats: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> dict[str, list[object]]:
    """Every repeat as it was measured, as the columns of a table; those that are empty in all of them are left out."""
    columns = {
        "Round": [repeat.get("round") for repeat in repeats],
        "Configuration": [labels[configuration_of(repeat)] for repeat in repeats],
        "Images/s": [round(repeat["samples_per_s"]) for repeat in repeats],
        "Images": [repeat.get("samples") for repeat in repeats],
        "Time": [_number(repeat.get("seconds")) for repeat in repeats],
        "First batch": [1000 * repeat["first_batch_s"] if repeat.get("first_batch_s") else None for repeat in repeats],
        "Epoch 1": [_first_epoch(repeat) for repeat in repeats],
        "Later epochs": [_later_epochs(repeat) for repeat in repeats],
        "Waiting": [repeat.get("wait_share") for repeat in repeats],
        "Compared": [repeat.get("checked") for repeat in repeats],
        "Workers": [_text(repeat.get("workers")) for repeat in repeats],
        "Why these workers": [_text(repeat.get("workers_reason")) for repeat in repeats],
        "Cache": [repeat.get("cache") for repeat in repeats],
        "CPU per image": [_micros(repeat.get("cpu_s_per_sample")) for repeat in repeats],
        "Peak memory": [_megabytes(repeat.get("peak_memory_bytes")) for repeat in repeats],
        "Unique": [repeat.get("unique") for repeat in repeats],
        "Other programs": [repeat.get("background_load") for repeat in repeats],
        "Disturbed": ["disturbed" if is_disturbed(repeat) else None for repeat in repeats],
    }
    return {name: cells for name, cells in columns.items() if any(cell is not None for cell in cells)}


def _micros(seconds: float | None) -> float | None:
    return None if seconds is None else 1e6 * seconds


def _megabytes(size: float | None) -> float | None:
    return None if size is None else size / 1e6


def _number(value: object) -> object:
    return None if isinstance(value, list) else value


def _text(value: object) -> str | None:
    """A column of one type: older runs kept a number."""
    return None if value is None else str(value)


def _first_epoch(repeat: Mapping[str, Any]) -> int | None:
    return round(repeat["epochs"][0]) if repeat.get("epochs") else None


def _later_epochs(repeat: Mapping[str, Any]) -> int | None:
    later = repeat.get("epochs", [])[1:]
    return round(sorted(later)[len(later) // 2]) if later else None


def bound_rows(found: Sequence[Bottleneck], labels: Mapping[str, str]) -> list[str]:
    """A line of Markdown for each verdict."""
    return [f"- **{verbatim(labels[verdict.configuration])}**: {verbatim(verdict.sentence)}" for verdict in found]
