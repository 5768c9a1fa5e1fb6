"""What lies in the home and cannot be read: listed with the reason, and a way to delete it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from core.base.files import stamp
from core.base.home import Home
from core.datasets.damage import delete_damaged_dataset, list_damaged_datasets
from core.jobs import Jobs
from core.measure.records import record_paths
from core.measure.runs import delete_unreadable, unreadable_runs
from core.stores.store import delete_store, list_damaged_stores
from ui.shared import state, visitors
from ui.shared.cached import cache_data
from ui.shared.labels import code, counted, plain, verbatim

JOBS, RUNS, DATASETS, STORES = "job", "run", "dataset", "store"
MOST_SHOWN = 50


class UnreadableKind(NamedTuple):
    """How things of one kind are found (path and reason) and removed."""

    find: Callable[[Home], Iterable[tuple[Path, str]]]
    remove: Callable[[Home, Path], None]


def _delete_job(home: Home, path: Path) -> None:
    Jobs(home).delete(path.name)


def _find_runs(home: Home) -> list[tuple[Path, str]]:
    return _runs(str(home.root), tuple((str(path), *stamp(path)) for path in sorted(record_paths(home))))


@cache_data(max_entries=4, show_spinner=False)
def _runs(root: str, changed: tuple[tuple[str, int, int], ...]) -> list[tuple[Path, str]]:
    """`changed` is part of the cache's key only: records may be many, and are read to know whether they can be."""
    return unreadable_runs(Home.find(root))


KINDS: Mapping[str, UnreadableKind] = {
    JOBS: UnreadableKind(lambda home: Jobs(home).unreadable(), _delete_job),
    RUNS: UnreadableKind(_find_runs, delete_unreadable),
    DATASETS: UnreadableKind(list_damaged_datasets, delete_damaged_dataset),
    STORES: UnreadableKind(list_damaged_stores, delete_store),
}


def draw_unreadable(*kinds: str) -> None:
    """Nothing where everything can be read."""
    found = [(kind, path, reason) for kind in kinds for path, reason in KINDS[kind].find(state.home())]
    if not found:
        return
    names = " and ".join(counted(sum(one == kind for one, *_ in found), kind) for kind in kinds
                         if any(one == kind for one, *_ in found))  # fmt: skip
    with st.expander(f"{names} cannot be read", icon=":material/broken_image:"):
        st.caption(
            "Another version of the app, a full disk or another program may have left them. Everything else is shown."
        )
        for kind, path, reason in found[:MOST_SHOWN]:
            _draw_one(kind, path, reason)
        if len(found) > MOST_SHOWN:
            st.caption(f"and {len(found) - MOST_SHOWN:,} more")


def _draw_one(kind: str, path: Path, reason: str) -> None:
    told, delete = st.columns([6, 1], vertical_alignment="center")
    told.markdown(f"{code(path.relative_to(state.home().root))}: {verbatim(reason)}")
    with delete, st.container(horizontal_alignment="right"):
        st.button("Delete", key=f"unreadable.{kind}.{plain(path)}", icon=":material/delete:",
                  on_click=state.delete, args=(KINDS[kind].remove, path),
                  disabled=not visitors.is_host(), help=visitors.lock_help("delete"))  # fmt: skip
