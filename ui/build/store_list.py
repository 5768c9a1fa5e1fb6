"""The stores that were built: figures, charts, verification, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.base.names import readable
from core.jobs import Job, State
from core.stores.store import StoreInfo, delete_store
from ui.shared import address, state, visitors
from ui.shared.charts import draw_chart
from ui.shared.labels import code, counted, number_text, plain, seconds_text, size_text, verbatim
from ui.shared.navigation import go
from ui.shared.size_columns import with_sizes
from ui.shared.store_charts import draw_four_sizes, one_figure
from ui.shared.stores import SIZES, SIZES_EXPLAINED, shards, store_label, stores, table

if TYPE_CHECKING:
    import pandas as pd

VIEWS = ("Sizes", "Time and files", "Table")

MOST_SHARDS = 1000
"""Rows of a table of shards."""


def draw_stores(dataset: str) -> None:
    """Everything about the stores of a dataset."""
    found = stores(dataset)
    verified = _verifications()
    address.hold("chart", "build.chart", VIEWS, VIEWS[0])
    view = st.segmented_control(
        "Show", VIEWS, required=True, key="build.chart", label_visibility="collapsed",
        persist_state="session",
    )  # fmt: skip
    figures = table(found)
    if view == VIEWS[0]:
        draw_four_sizes(figures)
    elif view == VIEWS[1]:
        _draw_time_and_files(figures)
    else:
        _draw_table(figures, verified)
    _draw_actions(found, verified)


def _draw_time_and_files(figures: pd.DataFrame) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Build time**")
        draw_chart(
            one_figure(figures, "seconds", "build time", seconds_text, "linear"), "Build time by store, in seconds"
        )
        st.caption("Encoding and writing all splits, without the verification that follows.")
    with right:
        st.markdown("**Number of files**")
        draw_chart(one_figure(figures, "files", "files", number_text, "symlog"), "Number of files by store")
        st.caption("Every file costs an inode, the slack of its last block and a call to open it. Logarithmic scale.")


def _draw_table(figures: pd.DataFrame, verified: dict[str, Job]) -> None:
    by_path = {readable(path): job for path, job in verified.items()}
    shown = figures.assign(verified=[_verification_text(by_path.get(path)) for path in figures["path"]])
    st.dataframe(
        with_sizes(shown, SIZES),
        hide_index=True,
        column_order=["store", "samples", *SIZES, "shards", "files", "seconds", "built", "verified", "path"],
        column_config={
            "store": "Store",
            "samples": st.column_config.NumberColumn("Samples", format="localized"),
            **SIZES,
            "shards": st.column_config.NumberColumn("Shards", format="localized", help="Of all splits together."),
            "files": st.column_config.NumberColumn("Files", format="localized"),
            "seconds": st.column_config.NumberColumn("Build time", format="%.2f s"),
            "built": st.column_config.DatetimeColumn("Built (UTC)", format="YYYY-MM-DD HH:mm"),
            "verified": "Verified",
            "path": "Place",
        },
    )
    st.caption(SIZES_EXPLAINED)


# ---------------------------------------------------------------- verify and delete


def _draw_actions(found: list[StoreInfo], verified: dict[str, Job]) -> None:
    by_path = {str(store.path): store for store in found}
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            path = st.selectbox(
                "Store",
                list(by_path),
                format_func=lambda path: store_label(by_path[path]),
                key="build.store",
                width=340,
            )
            locked = not visitors.is_host()
            told = "Re-read every sample and compare it with the checksums and with the imported images."
            if st.button("Verify", icon=":material/verified:", key="build.verify", disabled=locked,
                         help=visitors.lock_help("verify stores", told)):  # fmt: skip
                _verify(by_path[path])
            if st.button("Verify all", key="build.verify_all", disabled=locked,
                         help=visitors.lock_help("verify stores")):  # fmt: skip
                _verify(*found)
            if st.button("Look inside", icon=":material/frame_inspect:", key="build.inspect"):
                st.session_state["inspector.source"], st.session_state["inspector.store"] = "store", path
                go("inspector")
            if st.button("Delete", icon=":material/delete:", key="build.delete", disabled=locked,
                         help=visitors.lock_help("delete stores")):  # fmt: skip
                _ask_to_delete(by_path[path])
        _draw_verification(by_path[path], verified.get(path))
        _draw_shards(by_path[path])


def _draw_shards(store: StoreInfo) -> None:
    """What the manifest says of them, where there are several."""
    told = [{"Split": split, **one} for split, several in shards(store).items() for one in several]
    if not told:
        return
    with st.expander(f"{len(told):,} shards", icon=":material/dataset:"):
        st.dataframe(
            with_sizes(told[:MOST_SHARDS], ["bytes"]),
            hide_index=True,
            column_order=["path", "Split", "samples", "bytes", "checksum"],
            column_config={
                "path": "File",
                "samples": st.column_config.NumberColumn("Samples", format="localized"),
                "bytes": "Size",
                "checksum": st.column_config.TextColumn("Checksum", help="XXH3-128 of the file."),
            },
        )
        if len(told) > MOST_SHARDS:
            st.caption(f"The first {MOST_SHARDS:,}; `manifest.json` lists all.")


def _verify(*stores: StoreInfo) -> None:
    for store in stores:
        title = f"Verify {store_label(store)} of {store.manifest.dataset}"
        if state.start_job("verify", {"store": str(store.path)}, title=title, owner="build") is None:
            return  # what stands in the way is said above
    st.rerun()


def _verifications() -> dict[str, Job]:
    """The last verification of each store, by the store's path."""
    found: dict[str, Job] = {}
    for job in state.jobs().all():
        if job.task == "verify" and job.state is State.DONE:
            found.setdefault(str(job.fields.get("store")), job)
    return found


def _verification_text(job: Job | None) -> str:
    if job is None:
        return "when built"
    bad = len(job.result.get("mismatches", []))
    return f"{counted(bad, 'sample')} differ" if bad else "again, no mismatch"


def _draw_verification(store: StoreInfo, job: Job | None) -> None:
    """How the store's last verification ended."""
    if job is None:
        st.caption(f"Verified when it was built. Saved in {code(store.path)}.")
        return
    mismatches = job.result.get("mismatches", [])
    if not mismatches:
        against = "the imported images" if job.result.get("against_source") else "the checksums of the build"
        st.success(f"All {job.result['samples']:,} samples match {against}.",
                   icon=":material/verified:")  # fmt: skip
        return
    st.error(f"{counted(len(mismatches), 'sample')} of {job.result['samples']:,} differ.", icon=":material/error:")
    rows = [{str(name): plain(value) for name, value in told.items()} for told in mismatches[:1000]]
    st.dataframe(rows, hide_index=True)


@st.dialog("Delete a store")
def _ask_to_delete(store: StoreInfo) -> None:
    size = sum(split["allocated_bytes"] for split in store.manifest.splits.values())
    name, dataset = verbatim(store_label(store)), verbatim(store.manifest.dataset)
    st.markdown(f"This deletes **{name}** of {dataset} and frees {size_text(size)}.")
    st.caption("The imported images stay, so you can build it again.")
    if st.button("Delete", type="primary", icon=":material/delete:", key="build.delete_confirmed",
                 on_click=state.delete, args=(delete_store, store.path)):  # fmt: skip
        st.rerun()
