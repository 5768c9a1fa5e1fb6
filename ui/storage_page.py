"""Benchmark, Storage: what writing and reading cost in each format."""

from __future__ import annotations

import streamlit as st

from core.datasets import Dataset
from core.measure.records import list_records
from core.stores import StoreInfo
from ui import state


def draw(dataset: Dataset, stores: list[StoreInfo]) -> None:
    """The storage experiments that were run on this dataset."""
    records = list_records(state.home(), "storage", dataset.name)
    if not records:
        st.caption(f"No storage experiment was run on {dataset.name} yet.")
    for record in records:
        st.dataframe([dict(row) for row in record.of("row")], hide_index=True)
