"""Benchmark, Results: everything that was measured on a dataset."""

from __future__ import annotations

import streamlit as st

from core.datasets import Dataset
from core.measure.records import list_records
from ui import state


def draw(dataset: Dataset) -> None:
    """The records of this dataset, the newest first."""
    records = list_records(state.home(), None, dataset.name)
    if not records:
        st.caption("What is measured on the other two views is kept and shown here.")
        return
    rows = [
        {"Started": record.setup["started"], "Experiment": record.experiment, "Rows": len(record.rows)}
        for record in records
    ]
    st.dataframe(rows, hide_index=True)
