"""A race on the page: live while it runs, its standings afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.jobs import Job, State
from core.jobs.watch import Measured
from core.measure.races import RaceRecord, Standing, standings
from ui import state
from ui.job_panel import draw_cancel, draw_progress, watch
from ui.race_charts import live_chart, named, standings_chart, turn_rows
from ui.words import counted, listed, size_text, speed_text, times_text

LIVE_SECONDS = 0.4
"""Between two pictures: more than two a second."""

IN_A_ROW = 3


def draw_live(job: Job) -> None:
    """The race that runs, redrawn by itself until it ends."""
    st.fragment(_draw_running, run_every=LIVE_SECONDS)(job.id)


def _draw_running(job_id: str) -> None:
    job = state.jobs().get(job_id)
    with st.container(border=True):
        text, stop = st.columns([5, 1], vertical_alignment="center")
        with text:
            draw_progress(job)
        with stop, st.container(horizontal_alignment="right"):
            draw_cancel(job)
        if job.state is not State.WAITING:
            draw_live_charts(job)


def draw_live_charts(job: Job) -> None:
    """What was measured so far: a figure a store, and the lines."""
    seen = watch(job)
    live = [sample for sample in seen.samples.get("throughput", []) if sample.values["samples_per_s"]]
    if not live:
        st.caption("Comparing the first batches with the store, and filling the page cache…")
        return
    figures = _figures(live, seen.samples.get("turn", []))
    racing = str(live[-1].values["store"])
    columns = [column for _ in range(0, len(figures), IN_A_ROW) for column in st.columns(IN_A_ROW)]
    for (store, speed), column in zip(figures.items(), columns, strict=False):
        title = f"**{named(store)}** :material/play_arrow:" if store == racing else named(store)
        column.metric(title, speed_text(speed), help="Now, or in its last turn.")
    st.altair_chart(live_chart(live), alt="Images per second of each store, as they are measured")


def _figures(live: Sequence[Measured], turns: Sequence[Measured]) -> dict[str, float]:
    """What to show of each store, in the order of their first turns: its last turn's speed, or the one right now."""
    figures = {str(sample.values["store"]): 0.0 for sample in live}
    for turn in turns:
        figures[str(turn.values["store"])] = float(turn.values["samples_per_s"])
    if live[-1].at >= max((turn.at for turn in turns), default=0.0):
        figures[str(live[-1].values["store"])] = float(live[-1].values["samples_per_s"])
    return figures


def draw_result(record: RaceRecord) -> None:
    """Standings, what they mean, how they were measured, and the raw turns."""
    rows = standings(record.turns)
    st.markdown(verdict(rows))
    st.altair_chart(standings_chart(rows), alt="Median images per second by store, with slowest and fastest turn")
    st.caption(f"{_conditions(record)} {_machine(record)}")
    with st.expander("Every turn as it was measured", icon=":material/table_rows:"):
        st.dataframe(
            turn_rows(record.turns),
            hide_index=True,
            column_config={
                "Images/s": st.column_config.NumberColumn(format="localized"),
                "Images": st.column_config.NumberColumn(format="localized"),
                "Time": st.column_config.NumberColumn(format="%.2f s"),
                "Reading alone": st.column_config.NumberColumn(
                    format="localized", help="The ceiling: images a second that one thread reads without decoding them."
                ),
                "First batch": st.column_config.NumberColumn(format="%.0f ms"),
            },
        )
        st.caption(f"Kept in `{record.path}`.")


def _machine(record: RaceRecord) -> str:
    """The machine that a race was run on, as its session describes it."""
    told = record.machine
    if not told:
        return ""
    memory = size_text(told["memory_bytes"]) if told.get("memory_bytes") else "unknown"
    return f"On {told['processor']}, {counted(told['cpus_usable'], 'CPU')}, {memory} of memory, {told['file_system']}."


def verdict(rows: Sequence[Standing]) -> str:
    """The outcome in a sentence that claims no more than was measured."""
    best = rows[0]
    if len(rows) == 1:
        return f"**{named(best.store)}** gave **{speed_text(best.median)}**."
    last = rows[-1]
    ties = [row for row in rows[1:] if row.fastest >= best.slowest]
    if ties and len(ties) == len(rows) - 1:
        return f"**No clear winner**: the turns of {listed(named(row.store) for row in rows)} overlap."
    first = f"**{named(best.store)}** gave **{speed_text(best.median)}**"
    lead = f"{first}, {times_text(best.median / last.median)} as many as {named(last.store)}"
    close = listed(named(row.store) for row in ties)
    return (
        f"{lead}. Its turns overlap with those of {close}, so between them nothing is decided." if ties else f"{lead}."
    )


def _conditions(record: RaceRecord) -> str:
    setup = record.setup
    cut = "" if record.complete else " It was stopped before the last turn."
    rounds = counted(setup["rounds"], "interleaved round")
    parts = [
        f"Median of {rounds} of {setup['seconds']:g} s; the line spans the slowest and the fastest turn.",
        f"Split {setup['split']}, batches of {setup['batch_size']}, {setup['loader']} loader,",
        f"workers {setup['workers']}, {setup['device']}, transform {setup['transform']}, {setup['cache']} cache.{cut}",
    ]
    return " ".join(parts)
