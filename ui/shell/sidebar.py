"""What stands beside every page: the current dataset, and the jobs that run."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from core.datasets.dataset import Dataset
from core.loading.compiling import compile_ahead, complete, in_background, rest_text, runs, stop
from ui.shared import address, state, titles
from ui.shared.job_panel import show_endings
from ui.shared.labels import counted, size_text
from ui.shared.live.indicator import draw_indicator
from ui.shared.navigation import link
from ui.shell.class_box import draw_class

EVERY = 2.0
"""Seconds between two looks at how far the kernels are."""

FIRST_LOOK = 15.0
"""Seconds after the first page in which nothing is compiled: the images come first, and perhaps the demo."""

WITHOUT_KERNELS = ("demo",)
"""Tasks that measure without kernels, and beside which none are compiled."""

MEASURING = ("loader", "scale", "storage", "suite", "train", "train-scaling")
"""Tasks that wait for the kernels they need, and beside which the others are not begun."""

_opened = time.monotonic()


def draw_sidebar() -> None:
    """Draw the picker and the job indicator; choosing here is choosing for all pages."""
    state.take_awaited_datasets()
    with st.sidebar:
        _draw_picker(state.datasets())
        draw_class()
        draw_indicator()
        show_endings()
        _draw_compiling()
    state.show_trouble()


def _draw_compiling() -> None:
    """See to it that the kernels are compiled, and say how far that is; not while something measures without them."""
    if not in_background() or complete():
        return
    if _is_stopped():
        return  # the page is drawn anew when the job ends
    st.fragment(_draw_compiled, run_every=EVERY)()


def _is_stopped() -> bool:
    """Whether something measures without kernels: then nothing is compiled beside it. What is compiled stays."""
    if not _runs_any(WITHOUT_KERNELS):
        return False
    stop()
    return True


def _runs_any(tasks: Sequence[str]) -> bool:
    return any(job.task in tasks for job in state.jobs().active())


def _draw_compiled() -> None:
    if _is_stopped():
        return  # another tab has started it: this one would begin to compile again
    if time.monotonic() - _opened > FIRST_LOOK and not _runs_any(MEASURING):
        compile_ahead()
    if complete() or not runs():
        return  # until the page is drawn the next time, an empty line keeps time
    st.caption(f"Preparing the fast loader: {rest_text()}.")


def _draw_picker(datasets: list[Dataset]) -> None:
    if not datasets:
        st.caption("**Dataset**  \nNone yet.")
        link("dataset", "Import one")
        return
    names = [dataset.name for dataset in datasets]
    address.recall(
        "dataset", state.DATASET_KEY, lambda name: name if name in names else None,
        missing=address.not_here("the dataset", "Import it on the Dataset page, or choose another one."),
    )  # fmt: skip
    if st.session_state.get(state.DATASET_KEY) not in names:
        st.session_state[state.DATASET_KEY] = names[0]
    st.selectbox("Dataset", names, key=state.DATASET_KEY, persist_state="session")
    dataset = state.current_dataset()
    if dataset is not None:
        address.keep("dataset", dataset.name)
        titles.say("dataset", dataset.name)
        st.caption(describe(dataset))


def describe(dataset: Dataset) -> str:
    """A dataset in one line: images, classes, bytes."""
    images = counted(sum(dataset.splits.values()), "image")
    return f"{images} · {counted(len(dataset.classes), 'class', 'classes')} · {size_text(dataset.bytes)}"
