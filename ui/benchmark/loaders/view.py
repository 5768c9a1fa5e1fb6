"""What a loader experiment found: standings, why, the machine meanwhile, and the raw turns."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.measure.bottleneck import bottleneck_of
from core.measure.configuration_summary import summarise_configurations
from core.measure.loader_runs import LoaderRun, configuration_of, rank_configurations
from ui.benchmark.loaders.charts import bound_rows, costs_chart, repeat_rows, stage_limits_chart
from ui.shared.labels import code, verbatim
from ui.shared.loader_labels import busy_text, conditions, labels_of, machine_text, outcome_text
from ui.shared.monitor_chart import monitor_chart
from ui.shared.ranking_chart import ranking_chart

STANDINGS, WHY, MACHINE, TURNS = "Standings", "Why", "Machine", "Turns"
MOST_VERDICTS = 6


def draw_result(record: LoaderRun) -> None:
    """One of its views; only what is looked at is drawn."""
    labels = labels_of(record)
    for row in record.refused:
        name = verbatim(labels[configuration_of(row)])
        st.error(
            f"**{name}** failed validation, so it was not timed: {verbatim(row['reason'])}",
            icon=":material/block:",
        )
    rows = rank_configurations(record.turns)
    if not rows:
        st.caption("No setting was measured.")
        return
    if busy := busy_text(record):
        st.warning(busy, icon=":material/hourglass_top:")
    st.markdown(outcome_text(rows, labels))
    view = st.segmented_control(
        "What to see", [STANDINGS, WHY, MACHINE, TURNS], default=STANDINGS, required=True,
        key="benchmark.result.view", label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if view == WHY:
        _draw_why(record, labels)
    elif view == MACHINE:
        _draw_machine(record)
    elif view == TURNS:
        _draw_turns(record, labels)
    else:
        chart = ranking_chart(rows, labels)
        st.altair_chart(chart, alt="Median images per second by setting, with slowest and fastest turn")
    st.caption(verbatim(f"{conditions(record)} {machine_text(record)}"))


def _draw_why(record: LoaderRun, labels: Mapping[str, str]) -> None:
    cases = summarise_configurations(record.turns)
    if not cases:
        st.caption("This race was run before ceilings were measured beside every setting; run it again to see why.")
        return
    lines = bound_rows([bottleneck_of(case, cases) for case in cases], labels)
    st.markdown("\n".join(lines[:MOST_VERDICTS]))
    if len(lines) > MOST_VERDICTS:
        with st.expander(f"and {len(lines) - MOST_VERDICTS} more"):
            st.markdown("\n".join(lines[MOST_VERDICTS:]))
    st.markdown("**The ladder**: how fast it would go if the work ended at each stage, and what was reached")
    st.altair_chart(
        stage_limits_chart(cases, labels), alt="Rates of each stage alone and of each setting, images per second"
    )
    st.caption(
        "Each rung was measured in this run on all CPUs at once, with the fastest code there is for it, and includes "
        "the ones before it. The diamond is what the setting reached."
    )
    st.markdown("**Where the time of a sample goes**")
    st.altair_chart(costs_chart(cases, labels), alt="Share of each stage in the time that a sample takes")
    st.caption(
        "What the stages cost at best on all CPUs. The rest is Python between them, waiting, and workers that are "
        "missing."
    )


def _draw_machine(record: LoaderRun) -> None:
    chart = monitor_chart(record.monitor)
    if chart is None:
        st.caption("Nothing was recorded of the machine during this run.")
        return
    st.altair_chart(chart, width="content", alt="Processors, memory, disk and GPU during the run")
    st.caption("All processes of the run together, twice a second. What the page cache serves is not a disk read.")


def _draw_turns(record: LoaderRun, labels: Mapping[str, str]) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        repeat_rows(record.turns, labels),
        hide_index=True,
        column_config={
            "Images/s": number(format="localized", help="After the first batch of each worker."),
            "Images": number(format="localized"),
            "Time": number(format="%.2f s"),
            "First batch": number(format="%.0f ms", help="From opening the store to the first batch."),
            "Epoch 1": number(format="localized", help="Images a second of the first whole epoch."),
            "Later epochs": number(format="localized", help="The median of the others, images a second."),
            "Waiting": number(format="percent", help="The share of its time in which the trainer waited for data."),
            "Compared": number(help="Images whose pixels were compared with the store, before and during the turn."),
        },
    )
    st.caption(f"Kept in {code(record.path)}.")
