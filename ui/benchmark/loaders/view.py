"""What a loader run found: the ranking, its bottlenecks, the machine meanwhile, and the raw repeats."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.measure.bottleneck import bottleneck_of
from core.measure.configuration_summary import summarise_configurations
from core.measure.loader_lines import has_columns, loader_lines
from core.measure.loader_runs import LoaderRun, configuration_of, rank_configurations
from core.measure.rival_rows import is_rival
from core.report.loader_table import refused_table
from core.report.rival_headlines import WHOLE
from ui.benchmark.loaders.charts import bound_rows, costs_chart, repeat_rows, stage_limits_chart
from ui.benchmark.loaders.columns import draw_columns
from ui.shared import address
from ui.shared.charts import draw_chart
from ui.shared.labels import code, verbatim
from ui.shared.loader_labels import (
    busy_text,
    conditions,
    labels_of,
    machine_text,
    outcome_text,
    rivals_outcome_text,
)
from ui.shared.monitor_chart import USED, monitor_chart
from ui.shared.ranking_chart import ranking_chart
from ui.shared.wide_table import draw_wide_table

RANKING, COLUMNS, BOTTLENECKS, MACHINE, REPEATS = "Ranking", "All columns", "Bottlenecks", "Machine", "Repeats"
MOST_VERDICTS, MOST_REFUSED = 6, 3


def draw_result(record: LoaderRun) -> None:
    """One of its views; only what is looked at is drawn."""
    labels = labels_of(record)
    _draw_refused(record, labels)
    rows = rank_configurations(record.repeats)
    if not rows:
        st.caption("No configuration was measured.")
        return
    if busy := busy_text(record):
        st.warning(verbatim(busy), icon=":material/hourglass_top:")
    lines = loader_lines(record.repeats)
    rivals = any(line.rival for line in lines)
    st.markdown(rivals_outcome_text(record, labels) if rivals else outcome_text(rows, labels))
    views = [RANKING, *([COLUMNS] if has_columns(lines) else []), BOTTLENECKS, MACHINE, REPEATS]
    address.hold("show", "benchmark.result.view", views, RANKING)
    view = st.segmented_control(
        "What to see", views, required=True, key="benchmark.result.view",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if view == COLUMNS:
        draw_columns(lines, labels)
    elif view == BOTTLENECKS:
        _draw_bottlenecks(record, labels)
    elif view == MACHINE:
        _draw_machine(record)
    elif view == REPEATS:
        _draw_repeats(record, labels)
    else:
        chart = ranking_chart(rows, labels)
        draw_chart(chart, "Median images per second by configuration, with its slowest and fastest repeat")
    told = f"{WHOLE} {conditions(record)}" if rivals else conditions(record)
    st.caption(verbatim(f"{told} {machine_text(record)}"))


def _draw_refused(record: LoaderRun, labels: Mapping[str, str]) -> None:
    """Those that have no figures, each with its reason."""
    if len(record.refused) > MOST_REFUSED:
        draw_wide_table(refused_table(record.refused))
        return
    for row in record.refused:
        name = verbatim(labels[configuration_of(row)])
        st.error(f"**{name}** was refused, so it has no figures: {verbatim(row['reason'])}", icon=":material/block:")


def _draw_bottlenecks(record: LoaderRun, labels: Mapping[str, str]) -> None:
    cases = summarise_configurations(record.repeats)
    rivals = any(map(is_rival, record.repeats))
    if rivals:
        st.caption(
            "Of rivals it is known how much of the ceiling they reach and what their processes take, and not which of "
            "their stages holds them back: the stages below are ours."
        )
    if not cases and rivals:
        return
    if not cases:
        st.caption("An earlier version measured this run, without the limits of its stages. Run it again to see them.")
        return
    lines = bound_rows([bottleneck_of(case, cases) for case in cases], labels)
    st.markdown("\n".join(lines[:MOST_VERDICTS]))
    if len(lines) > MOST_VERDICTS:
        with st.expander(f"and {len(lines) - MOST_VERDICTS} more"):
            st.markdown("\n".join(lines[MOST_VERDICTS:]))
    own = [case for case in cases if not case.rival]
    if not own:
        return
    st.markdown(
        "**Stage throughput limits**: how fast loading would be if it ended after each stage, and what was reached"
    )
    draw_chart(
        stage_limits_chart(own, labels),
        "Throughput limit of each stage and throughput of each configuration, images per second",
    )
    st.caption(
        "Each limit was measured in this run on all CPUs at once, with the fastest code for that stage. It includes "
        "the stages before it. The diamond is the throughput that the configuration reached."
    )
    st.markdown("**Time per sample**")
    draw_chart(costs_chart(own, labels), "Share of each stage in the time per sample")
    st.caption(
        "The time of each stage at best, on all CPUs. The rest is Python between the stages, waiting, and too few "
        "workers."
    )


def _draw_machine(record: LoaderRun) -> None:
    chart = monitor_chart(record.monitor)
    if chart is None:
        st.caption("No machine data was recorded during this run.")
        return
    draw_chart(chart, USED)
    st.caption(
        "All processes of the run together, sampled twice per second. A read from the page cache is not a disk read."
    )


def _draw_repeats(record: LoaderRun, labels: Mapping[str, str]) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        repeat_rows(record.repeats, labels),
        hide_index=True,
        column_config={
            "Images/s": number(format="localized", help="After the first batch of each worker."),
            "Images": number(format="localized"),
            "Time": number(format="%.2f s"),
            "First batch": number(format="%.0f ms", help="From opening the store to the first batch."),
            "Epoch 1": number(format="localized", help="Images per second in the first whole epoch."),
            "Later epochs": number(format="localized", help="Images per second, median of the other epochs."),
            "Waiting": number(format="percent", help="Share of the time in which the trainer waited for data."),
            "Compared": number(help="Images whose pixels were compared with the store, before and during the repeat."),
            "CPU per image": number(format="%.2f µs", help="Processor time of all processes of the loader."),
            "Peak memory": number(format="%.0f MB", help="Of all its processes, shared pages once."),
            "Unique": number(format="localized", help="Different images among those that were handed out."),
            "Other programs": number(format="percent", help="Of all processors, taken by other programs meanwhile."),
            "Disturbed": st.column_config.TextColumn(help="Other programs were busy: its figures are too low."),
        },
    )
    st.caption(f"Saved in {code(record.path)}.")
