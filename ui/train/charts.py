"""Charts of a training run: losses, accuracies, where the time went, how speed scales."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.training.results import TrainingRecord
from ui.shared.theme import PALETTE, finish
from ui.train.labels import run_colours, run_label

if TYPE_CHECKING:
    import altair as alt

MOST_POINTS = 300
"""Of a run's losses; more are averaged in even parts."""

COMPUTING, WAITING = "computing", "waiting for data"
TIME_COLOURS = {COMPUTING: PALETTE[5], WAITING: PALETTE[0]}

Rows = list[dict[str, Any]]


def loss_rows(record: TrainingRecord) -> Rows:
    """Training run, epoch as a number that grows step by step, and the loss there."""
    rows: Rows = []
    for run in record.runs:
        told = record.of(run)
        part = max(sum(len(row["losses"]) for row in told) // MOST_POINTS, 1)
        for row in told:
            losses = row["losses"]
            for first in range(0, len(losses), part):
                few = [loss for loss in losses[first : first + part] if loss is not None]
                if not few:  # not one of them was a number: the training had diverged
                    continue
                at = row["epoch"] - 1 + (first + len(few)) / len(losses)
                rows.append({"run": run_label(*run, record.runs), "epoch": at, "loss": statistics.fmean(few)})
    return rows


def loss_chart(record: TrainingRecord) -> alt.Chart:
    """The loss of the steps; runs that are the same to the last bit lie on each other."""
    import altair as alt
    import pandas as pd

    return finish(
        alt.Chart(pd.DataFrame(loss_rows(record)))
        .mark_line(strokeWidth=2, opacity=0.8)
        .encode(
            x=alt.X("epoch:Q", title="epochs", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("loss:Q", title="loss", scale=alt.Scale(zero=False)),
            color=_colour(record),
            tooltip=["run", alt.Tooltip("epoch", format=".2f"), alt.Tooltip("loss", format=".4f")],
        )
        .properties(height=280)
    )


def accuracy_rows(record: TrainingRecord) -> Rows:
    return [
        {"run": run_label(*run, record.runs), "epoch": row["epoch"], "images": images, "accuracy": row[name]}
        for run in record.runs
        for row in record.of(run)
        for images, name in ((LEARNED, "accuracy"), (NEW, "val_accuracy"))
    ]


LEARNED, NEW = "training", "validation"


def accuracy_chart(record: TrainingRecord) -> alt.Chart:
    """Accuracy in training (dashed) and in validation, by epoch."""
    import altair as alt
    import pandas as pd

    return finish(
        alt.Chart(pd.DataFrame(accuracy_rows(record)))
        .mark_line(strokeWidth=2.5, point={"size": 50, "filled": True})
        .encode(
            x=alt.X("epoch:O", title="epoch", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "accuracy:Q",
                title=["validation accuracy", "(dashed: training)"],
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%"),
            ),
            color=_colour(record, legend=False),
            strokeDash=alt.StrokeDash(
                "images:N",
                scale=alt.Scale(domain=[NEW, LEARNED], range=[[1, 0], [5, 4]]),
                legend=None,
            ),
            tooltip=["run", "images", "epoch", alt.Tooltip("accuracy", format=".1%")],
        )
        .properties(height=280)
    )


def time_rows(record: TrainingRecord) -> Rows:
    """Milliseconds per step: waiting and computing, over all epochs of a training run."""
    rows: Rows = []
    for run in record.runs:
        told = record.of(run)
        steps = sum(max(row["steps"] - 1, 1) for row in told)
        for kind, name in ((COMPUTING, "compute_s"), (WAITING, "wait_s")):
            spent = 1000 * sum(row[name] for row in told) / steps
            rows.append({"run": run_label(*run, record.runs), "kind": kind, "ms": spent})
    return rows


def time_chart(record: TrainingRecord) -> alt.Chart:
    """Where the time per step went, one bar per training run."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(time_rows(record))
    return finish(
        alt.Chart(table)
        .mark_bar(size=20)
        .encode(
            y=alt.Y("run:N", title=None, sort=list(dict.fromkeys(table["run"]))),
            x=alt.X("ms:Q", title="milliseconds per step", stack="zero"),
            color=alt.Color("kind:N", scale=alt.Scale(domain=list(TIME_COLOURS), range=list(TIME_COLOURS.values()))),
            order=alt.Order("kind:N"),
            tooltip=["run", "kind", alt.Tooltip("ms", format=",.2f")],
        )
        .properties(height=alt.Step(34))
    )


def scaling_rows(turns: Sequence[Mapping[str, Any]]) -> Rows:
    """The median of the rounds of each combination."""
    groups: dict[tuple[str, str, int, str], list[Mapping[str, Any]]] = {}
    for turn in turns:
        groups.setdefault((turn["store"], turn["device"], turn["batch_size"], turn["workers"]), []).append(turn)
    return [
        {
            "where": store if device == "cpu" else f"{store}, {device}",
            "batch": size,
            "workers": f"workers {workers}",
            "images/s": statistics.median(turn["samples_per_s"] for turn in many),
            "waiting": statistics.median(turn["wait_share"] for turn in many),
        }
        for (store, device, size, workers), many in groups.items()
    ]


def scaling_chart(turns: Sequence[Mapping[str, Any]], measure: str) -> alt.Chart | alt.FacetChart:
    """`measure` ("images/s" or "waiting") over batch sizes, one line per number of workers, one panel per store."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(scaling_rows(turns))
    titles = {"images/s": ("images per second", "~s"), "waiting": ("share of the time spent waiting", ".0%")}
    title, form = titles[measure]
    chart = (
        alt.Chart(table)
        .mark_line(strokeWidth=2.5, point={"size": 50, "filled": True})
        .encode(
            x=alt.X("batch:O", title="batch size", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{measure}:Q", title=title, axis=alt.Axis(format=form, tickCount=5), scale=alt.Scale(domainMin=0)),
            color=alt.Color("workers:N", scale=alt.Scale(range=list(PALETTE)), sort=None),
            tooltip=["where", "batch", "workers", alt.Tooltip("images/s", format=",.0f"),
                     alt.Tooltip("waiting", format=".1%")],
        )
    )  # fmt: skip
    if table["where"].nunique() == 1:
        return finish(chart.properties(height=260))
    return finish(chart.properties(width=330, height=200).facet(alt.Facet("where:N", title=None), columns=2))


def _colour(record: TrainingRecord, *, legend: bool = True) -> alt.Color:
    """The runs' colours; of two charts side by side one legend is enough."""
    import altair as alt

    labels = [run_label(*run, record.runs) for run in record.runs]
    scale = alt.Scale(domain=labels, range=run_colours(record.runs))
    return alt.Color(
        "run:N",
        scale=scale,
        sort=None,
        legend=alt.Undefined if legend else None,
    )
