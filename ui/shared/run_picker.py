"""Earlier runs of an experiment: a list to choose one from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import streamlit as st

from ui.shared import address


class KeptRun(Protocol):
    """A run that was kept on the disk."""

    @property
    def path(self) -> Path:
        """Of its record."""


RunT = TypeVar("RunT", bound=KeptRun)

NO_RUNS = "Results are kept and listed here."


def pick_run(runs: Sequence[RunT], title: Callable[[RunT], str], key: str, otherwise: str = NO_RUNS) -> RunT | None:
    """The heading "Results" and beside it the list of `runs`, the newest first; returns the one that is chosen.

    Where there is none, `otherwise` is shown and None returned. A new run is chosen when it is there.
    """
    if not runs:
        st.caption(otherwise)
        return None
    by_path = {str(run.path): run for run in runs}
    by_name = {run.path.name: str(run.path) for run in runs}
    held = f"{key}.{runs[0].path.name}"
    address.hold(
        "run", held, by_name.get, str(runs[0].path), told=lambda path: Path(path).name,
        missing=address.not_here("the run", "Take it in under Benchmark, Results, or choose another one."),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Results")
        chosen = st.selectbox(
            "Run", list(by_path), format_func=lambda path: title(by_path[path]), width=520,
            key=held, label_visibility="collapsed",
        )  # fmt: skip
    return by_path[chosen]
