"""The stores that jobs of this home have built at addresses: they are not listed here, for that would ask servers."""

from __future__ import annotations

import streamlit as st

from core.jobs import Job, State
from core.remote.address import is_address
from ui.shared import state
from ui.shared.labels import plain
from ui.shared.size_columns import with_sizes
from ui.shared.stores import store_name


def draw_stores_elsewhere(dataset: str) -> None:
    """A table of them, the last one first; nothing where there is none."""
    built: dict[str, Job] = {}
    for job in state.jobs().all():
        place = str(job.result.get("store", "")) if job.task == "build" and job.state is State.DONE else ""
        if is_address(place) and job.result.get("dataset") == dataset:
            built.setdefault(place, job)
    if not built:
        return
    st.subheader("At addresses", help="As they were built from here. Whether they still are there is not asked.")
    st.dataframe(
        with_sizes(
            {
                "Store": [plain(store_name(job.result["format"], job.result["variant"])) for job in built.values()],
                "Samples": [_total(job, "samples") for job in built.values()],
                "Payload": [_total(job, "payload_bytes") for job in built.values()],
                "Shards": [len(job.result["shards"]) for job in built.values()],
                "Place": list(map(plain, built)),
            },
            ["Payload"],
        ),
        hide_index=True,
        column_config={
            "Samples": st.column_config.NumberColumn(format="localized"),
            "Place": st.column_config.TextColumn(help="For `open_store`, `load` and the Inspector."),
        },
    )


def _total(job: Job, name: str) -> int:
    return sum(int(split[name]) for split in job.result["splits"].values())
