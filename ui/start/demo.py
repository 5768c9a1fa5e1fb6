"""The demo on the start page: its buttons, the story while it runs, and each of its steps afterwards."""

from __future__ import annotations

import streamlit as st

from core.base.errors import FormatMattersError
from core.formats import FORMATS
from core.jobs import Job
from core.jobs.demo_plan import DATASET, IMAGES, LOADING, RAW, STORES, formats
from core.stores.store import StoreInfo
from ui.shared import state, visitors
from ui.shared.in_view import bring_into_view
from ui.shared.job_panel import draw_cancel, draw_ending, note_endings, own_jobs, watch
from ui.shared.labels import listed, verbatim
from ui.shared.live.fetched import draw_fetched, draw_still
from ui.shared.loader_labels import machine_text
from ui.shared.navigation import PAGES, link
from ui.shared.theme import format_title
from ui.start.folder import draw_own_images
from ui.start.live import heading, picture
from ui.start.steps import step_html, structure_of
from ui.start.story import END, TITLES, Story, story_of

STEP, TOLD_STEP, OWN = "start.step", "start.told_step", "start.own"
"""Keys: the step to stay at while a demo runs (none: follow it), the step that is shown of the last one, the toggle."""


def running_demo() -> Job | None:
    """The demo that runs or waits."""
    return next((job for job in own_jobs("start") if job.task == "demo"), None)


def last_story() -> Story | None:
    """Of the last demo that was done, as long as what it made is there."""
    demo = next((job for job in state.jobs().all() if job.task == "demo" and "encodings" in job.result), None)
    try:
        return story_of(demo) if demo is not None else None
    except FormatMattersError:  # what it made was damaged, or deleted just now
        return None


def draw_demo(running: Job | None, story: Story | None) -> None:
    """The demo that runs; or the buttons, and the story of the last one."""
    if running is not None:
        _draw_running(running)
        return
    draw_ending("start")
    if story is not None:
        _draw_story(story)
    _draw_buttons(again=story is not None)


def _draw_buttons(again: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Run the demo again" if again else "Run the one-minute demo",
            type="secondary" if again else "primary",
            icon=":material/play_arrow:",
            key="start.demo",
        )
        own = visitors.is_host() and st.toggle("Try it on my images", key=OWN)
        st.caption(
            f"Stores the built-in images as {listed(FORMATS[name].noun for name in formats())}, then as raw pixels, "
            "and measures how fast each loads, all on this machine."
        )
    if pressed:
        _start(DATASET, {}, "Demo")
    chosen = draw_own_images() if own else None
    if chosen is not None:
        _start(str(chosen["dataset"]), chosen, f"Demo on {chosen['dataset']}")


def _start(dataset: str, fields: dict[str, object], title: str) -> None:
    job = state.start_job("demo", fields, title=title, owner="start")
    if job is not None:
        st.session_state.pop(STEP, None)
        state.select_when_done(job, dataset)
        st.rerun()


# ---------------------------------------------------------------- while it runs


def _draw_running(job: Job) -> None:
    """The step that it is at, until somebody chooses another one."""
    st.session_state.pop(TOLD_STEP, None)
    chosen = _choose_step(job.title, STEP, "The page follows the demo. Choose a step to stay there.")
    bring_into_view(job)
    with st.container(border=True):
        shown = picture(job, watch(job), chosen)
        draw_fetched(f"live.{job.id}", f"live/{job.id}?view={chosen}", shown, lambda: note_endings({job.id}))
        with st.container(horizontal_alignment="right"):
            draw_cancel(job)


def _choose_step(title: str, key: str, help: str | None = None) -> str:
    """The number of a step to stay at, "" to follow the demo."""
    steps = [str(number) for number in range(1, END + 1)]
    chosen = st.segmented_control(
        verbatim(title), steps, format_func=lambda number: f"{number} {TITLES[int(number) - 1]}", key=key,
        persist_state="session", help=help,
    )  # fmt: skip
    return chosen or ""


# ---------------------------------------------------------------- afterwards


def _draw_story(story: Story) -> None:
    st.subheader("Demo results on this machine")
    st.session_state.setdefault(TOLD_STEP, st.session_state.get(STEP) or str(END))
    number = int(_choose_step(f"The demo on {story.name}", TOLD_STEP) or END)
    with st.container(border=True):
        draw_still("start.story", heading(number) + step_html(number, story))
        with st.container(horizontal=True):
            _draw_ways_on(number, story)
    told = machine_text(story.record) if story.record is not None else ""
    if told:
        st.caption(told)


def _draw_ways_on(number: int, story: Story) -> None:
    """Where more is to be seen of what a step shows."""
    if number == IMAGES:
        link("dataset", "See the whole dataset")
    elif number == STORES:
        for name, store in story.stores.items():
            _draw_structure(f"Look inside: {format_title(name)}", store)
    elif number == LOADING:
        link("benchmark", "Measure with your own configuration")
    elif number == RAW and story.raw is not None:
        _draw_structure(f"Look inside: {format_title(story.raw.manifest.format)} with raw pixels", story.raw)
    elif number == END:
        link("build", "Try other encodings and compressions")
        link("benchmark", "Measure with your own configuration")
        link("inspector", "Look inside the stores")
        link("report", "See which one to use")


def _draw_structure(label: str, store: StoreInfo) -> None:
    entry = PAGES["inspector"]
    st.page_link(entry.path, label=label, icon=":material/account_tree:", query_params=structure_of(store))
