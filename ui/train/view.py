"""A training run that is over: what it says, how it learned, where its time went, the machine, every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.measure.background_load import background_warning
from core.measure.monitor import read_monitor
from core.training.results import TrainingRecord
from ui.shared.charts import draw_chart
from ui.shared.labels import code, verbatim
from ui.shared.monitor_chart import USED, monitor_chart
from ui.train.charts import (
    accuracy_chart,
    accuracy_rows,
    loss_chart,
    loss_rows,
    scaling_chart,
    scaling_rows,
    time_chart,
    time_rows,
)
from ui.train.labels import (
    conditions,
    format_sentence,
    order_sentence,
    partial_text,
    run_label,
    wait_sentence,
    workers_sentence,
)

LEARNING, TIME, MACHINE, ROWS = "Learning", "Waiting", "Machine", "Epochs"
SPEED, WAITING = "Images per second", "Waiting"


def draw_result(record: TrainingRecord) -> None:
    """One of its views; only what is looked at is drawn."""
    if busy := background_warning(record.record.rows):
        st.warning(verbatim(busy), icon=":material/hourglass_top:")
    if not record.complete:
        st.info(partial_text(record), icon=":material/content_cut:")
    if record.scaling:
        _draw_scaling(record)
    else:
        _draw_said(record)
        view = _choose([LEARNING, TIME, MACHINE, ROWS], "train.result.view")
        {LEARNING: _draw_learning, TIME: _draw_time, MACHINE: _draw_machine, ROWS: _draw_rows}[view](record)
    st.caption(verbatim(conditions(record)))


def _choose(views: Sequence[str], key: str) -> str:
    return st.segmented_control("What to see", views, default=views[0], required=True, key=key,
                                label_visibility="collapsed", persist_state="session")  # fmt: skip


def _draw_said(record: TrainingRecord) -> None:
    same, said = format_sentence(record)
    if same:
        st.success(said, icon=":material/check_circle:")
    elif same is False:
        st.warning(said, icon=":material/difference:")
    about_order = order_sentence(record)
    if about_order:
        st.markdown(about_order)
    st.markdown(wait_sentence(record))
    if told := workers_sentence(record):
        st.caption(told)


def _draw_learning(record: TrainingRecord) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        losses = loss_chart(record)
        draw_chart(
            losses,
            "The loss of every store and order, step by step",
            rows=loss_rows(record),
            export=f"loss-{record.path.stem}",
        )
    with right:
        accuracies = accuracy_chart(record)
        draw_chart(
            accuracies,
            "Accuracy by epoch, in training and in validation",
            rows=accuracy_rows(record),
            export=f"accuracy-{record.path.stem}",
        )


def _draw_time(record: TrainingRecord) -> None:
    st.markdown("**Time per step**: computing, and waiting for the next batch (without the first batch of each epoch)")
    chart = time_chart(record)
    draw_chart(
        chart,
        "Milliseconds of a step spent computing and waiting, by store and order",
        rows=time_rows(record),
        export=f"waiting-{record.path.stem}",
    )


def _draw_machine(record: TrainingRecord) -> None:
    chart = monitor_chart(read_monitor(record.record.beside("monitor.csv")))
    if chart is None:
        st.caption("No machine data was recorded during this run.")
    else:
        draw_chart(chart, USED)


def _draw_rows(record: TrainingRecord) -> None:
    st.dataframe(epoch_rows(record), hide_index=True, column_config=_columns())
    st.caption(f"Saved in {code(record.path)}, with the loss of every step.")


def epoch_rows(record: TrainingRecord) -> dict[str, list[object]]:
    """Every epoch as it was measured, as the columns of a table."""
    rows, runs = record.epochs, record.runs
    return {
        "Epoch": [row["epoch"] for row in rows],
        "Trained from": [run_label(row["store"], row["order"], runs) for row in rows],
        "Loss": [row.get("loss") for row in rows],
        "Accuracy": [100 * row["accuracy"] for row in rows],
        "Validation accuracy": [100 * row["val_accuracy"] for row in rows],
        "Images/s": [round(row["samples_per_s"]) for row in rows],
        "Waiting": [100 * row["wait_share"] for row in rows],
        "First batch": [1000 * row["first_batch_s"] for row in rows],
        "Shuffle quality": [row["shuffle_quality"] for row in rows],
        "Classes per batch": [row["classes_per_batch"] for row in rows],
        "Workers": [str(row.get("workers", "")) for row in rows],
    }


def _columns() -> Mapping[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "Loss": number(format="%.4f"),
        "Accuracy": number(format="%.1f%%", help="On the training images, over the epoch."),
        "Validation accuracy": number(format="%.1f%%", help="After the epoch."),
        "Images/s": number(format="localized", help="After the first batch."),
        "Waiting": number(format="%.1f%%", help="Share of the time after the first batch spent waiting for data."),
        "First batch": number(format="%.0f ms"),
        "Shuffle quality": number(format="%.2f", help="1: classes are mixed as by a full shuffle, 0: sorted."),
        "Classes per batch": number(format="%.1f"),
    }


# ---------------------------------------------------------------- scaling


def _draw_scaling(record: TrainingRecord) -> None:
    rows = scaling_rows(record.turns)
    best = max(rows, key=lambda row: row["images/s"])
    where, workers = verbatim(best["where"]), verbatim(best["workers"])
    st.markdown(
        f"**{best['images/s']:,.0f} images/s** at best: {where}, batch {best['batch']}, {workers}, "
        f"{best['waiting']:.1%} of the time waiting for data."
    )
    view = _choose([SPEED, WAITING, MACHINE], "train.scaling.view")
    if view == MACHINE:
        _draw_machine(record)
        return
    chart = scaling_chart(record.turns, "images/s" if view == SPEED else "waiting")
    draw_chart(
        chart,
        f"{view} by batch size, one line per number of workers",
        rows=rows,
        export=f"scaling-{record.path.stem}",
    )
