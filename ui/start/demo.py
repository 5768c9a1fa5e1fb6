"""The one-click demo on the start page: its steps while it runs, its result right there."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.formats import FORMATS
from core.jobs import Job, State, Watch
from core.jobs.demo_plan import DATASET, variants
from core.measure.loader_runs import LoaderRun, rank_configurations, read_loader_run
from ui.shared import state
from ui.shared.charts import draw_chart
from ui.shared.job_panel import draw_cancel, draw_ending, own_jobs, watch
from ui.shared.labels import listed, remaining_text, seconds_text, verbatim
from ui.shared.live.pictures import drawn_by_task
from ui.shared.live.route import EVERY
from ui.shared.loader_labels import busy_text, labels_of, machine_text, outcome_text
from ui.shared.navigation import link
from ui.shared.ranking_chart import ranking_chart
from ui.shared.store_charts import draw_four_sizes
from ui.shared.stores import stores, table

ICONS = {"running": ":material/progress_activity:", "waiting": ":material/radio_button_unchecked:"}
DONE_ICON = ":material/check_circle:"


def draw_demo() -> None:
    """The button; or the demo that runs; and the result of the last one."""
    running = [job for job in own_jobs("start") if job.task == "demo"]
    if running:
        st.fragment(_draw_running, run_every=EVERY)(running[0].id)
        return
    draw_ending("start")
    record = _last_result()
    _draw_button(again=record is not None)
    if record is not None:
        _draw_result(record)


def _draw_button(again: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Run the demo again" if again else "Run the one-minute demo",
            type="secondary" if again else "primary",
            icon=":material/play_arrow:",
            key="start.demo",
        )
        st.caption(
            f"Generates a small dataset, stores it as {_nouns()}, and measures how fast each loads. "
            "Everything runs on this machine. Existing stores are reused."
        )
    if pressed:
        job = state.start_job("demo", {}, title="Demo", owner="start")
        if job is not None:
            state.select_when_done(job, DATASET)
            st.rerun()


def _nouns() -> str:
    return listed(dict.fromkeys(FORMATS[name].noun for name, _ in variants()))


def _steps() -> list[str]:
    """What `core.jobs.demo` does, step by step."""
    stored = [
        f"Store them as {FORMATS[name].noun}{' of raw pixels' if encoding == 'raw' else ''}"
        for name, encoding in variants()
    ]
    return ["Generate 6,000 images", *stored, "Measure loading"]


# ---------------------------------------------------------------- while it runs


def _draw_running(job_id: str) -> None:
    job = state.jobs().get(job_id)
    seen = watch(job)
    with st.container(border=True):
        steps, rest = st.columns([2, 5], gap="large")
        with steps:
            _draw_steps(job, seen)
            draw_cancel(job)
        with rest:
            _draw_current(job, seen)


def _draw_steps(job: Job, seen: Watch) -> None:
    told = {int(sample.values["number"]): sample.values for sample in seen.samples.get("step", [])}
    lines = []
    for number, title in enumerate(_steps(), 1):
        step = told.get(number)
        at = str(step["state"]) if step else "waiting"
        icon = ICONS.get(at, f":green[{DONE_ICON}]")
        after = f" :gray[{seconds_text(float(step['seconds']))}]" if step and at == "done" else ""
        after = " :gray[reused]" if at == "there already" else after
        lines.append(f"{icon} **{title}**" if at == "running" else f"{icon} {title}{after}")
    st.markdown("  \n".join(lines))


def _draw_current(job: Job, seen: Watch) -> None:
    if job.state is State.WAITING:
        ahead = state.jobs().waits_for(job)
        st.caption(f"Waits for {verbatim(ahead[0].title)}." if ahead else "Starting…")
        return
    if seen.progress is not None:
        left = remaining_text(seen.remaining())
        st.progress(seen.fraction or 0.0, text=" · ".join(filter(None, [verbatim(seen.progress.stage), left])))
    if "throughput" in seen.samples or (seen.progress is not None and seen.progress.stage == "measuring"):
        st.html(drawn_by_task("loader", seen))
    elif seen.progress is None:
        st.caption("Starting…")


# ---------------------------------------------------------------- afterwards


def _last_result() -> LoaderRun | None:
    """The loader experiment of the last demo that was done, as long as its stores are there."""
    demo = next((job for job in state.jobs().all() if job.task == "demo" and job.state is State.DONE), None)
    if demo is None or not stores(DATASET):
        return None
    file = Path(str(demo.result["file"]))
    return read_loader_run(file) if file.is_file() else None


def _draw_result(record: LoaderRun) -> None:
    rows, labels = rank_configurations(record.repeats), labels_of(record)
    raced = {turn["path"] for turn in record.repeats}
    built = [store for store in stores(DATASET) if str(store.path) in raced]
    st.subheader("Demo results on this machine")
    if busy := busy_text(record):
        st.warning(busy, icon=":material/hourglass_top:")
    st.markdown(outcome_text(rows, labels))
    draw_chart(ranking_chart(rows, labels), "Median images per second of the demo's stores")
    st.caption(f"{_about(record)} {machine_text(record)}")
    if built:
        draw_four_sizes(table(built))
    with st.container(horizontal=True):
        link("build", "Try other encodings and compressions")
        link("benchmark", "Measure with your own configuration")
        link("inspector", "Look inside the stores")
        link("report", "See which one to use")


def _about(record: LoaderRun) -> str:
    """What the figures are of: so few images stay in memory, and what stands in a store decides the work."""
    images = max((int(turn.get("split_samples", 0)) for turn in record.repeats), default=0)
    small = f"{images:,} small images that stay in memory, so nothing was read from disk. " if images else ""
    return (
        f"{small}`original`: PNG files, decoded for every batch. `raw`: pixels, which need no decoding but more space."
    )
