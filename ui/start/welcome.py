"""The lower half of the start page: the way through the app, and what is there already."""

from __future__ import annotations

import streamlit as st

from ui.shared import state
from ui.shared.labels import counted
from ui.shared.navigation import link
from ui.shared.size_columns import with_sizes
from ui.shared.stores import stores, totals

JOURNEY = {
    "dataset": "Generate one, download CIFAR-10, or import a folder or an archive. See its classes, shapes and sizes.",
    "build": "Choose formats, encodings and compressions. See the estimated cost before and the measured cost after.",
    "benchmark": "Measure loaders and storage methods, live. Results are kept with everything they depend on.",
    "train": "Train the same small network from each store. See how long it waits for data, and whether results agree.",
    "inspector": "Page through any store as images, down to the bytes of one sample, and compare it across formats.",
    "report": "Say what matters to you. Read which store to use, why, and what it costs at your real size.",
}

IN_A_ROW = 3


def draw_journey() -> None:
    """The pages, in the order in which they are used."""
    st.subheader("Workflow")
    columns = [column for _ in range(0, len(JOURNEY), IN_A_ROW) for column in st.columns(IN_A_ROW)]
    for (page, about), column in zip(JOURNEY.items(), columns, strict=True):
        with column, st.container(border=True, height="stretch", gap="small"):
            link(page)
            st.caption(about)


def draw_inventory() -> None:
    """Datasets and their stores on this machine."""
    datasets = state.datasets()
    if not datasets:
        return
    st.subheader("On this machine")
    built = {dataset.name: stores(dataset.name) for dataset in datasets}
    st.dataframe(
        with_sizes(
            {
                "Dataset": [dataset.name for dataset in datasets],
                "Images": [sum(dataset.splits.values()) for dataset in datasets],
                "Classes": [len(dataset.classes) for dataset in datasets],
                "Size of image files": [dataset.bytes for dataset in datasets],
                "Stores": [counted(len(built[dataset.name]), "store") for dataset in datasets],
                "Allocated by stores": [
                    sum(totals(store)["allocated_bytes"] for store in built[dataset.name]) for dataset in datasets
                ],
            },
            ["Size of image files", "Allocated by stores"],
        ),
        hide_index=True,
        column_config={
            "Images": st.column_config.NumberColumn(format="localized"),
            "Allocated by stores": st.column_config.NumberColumn(help="Blocks they occupy on disk."),
        },
    )
