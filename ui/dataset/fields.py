"""The further values of a dataset's samples: what there is, and some samples with their values beside the picture."""

from __future__ import annotations

import html

import streamlit as st

from core.base.contracts import FieldValue
from core.base.field_values import plain_values
from core.base.strict_json import dumps
from core.datasets.dataset import Dataset
from core.images.pixels import BadImage
from core.images.thumbnail import thumbnail_address
from ui.shared.cached import cache_data
from ui.shared.labels import plain, verbatim
from ui.shared.thumbnails import EDGE, picture

SAMPLES = 8
MOST_TEXT = 300
"""Characters of a value that are shown."""

KINDS = {
    "text": "text", "integer": "whole number", "number": "number", "array": "numbers (vector, boxes, …)",
    "image": "image", "json": "list or object",
}  # fmt: skip


def draw_fields(dataset: Dataset) -> None:
    """Names and kinds, then samples drawn by chance."""
    st.caption(verbatim(" · ".join(f"{field.name}: {KINDS[field.kind]}" for field in dataset.fields)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control("Split", list(dataset.splits), default=next(iter(dataset.splits)), required=True,
                                     format_func=verbatim, key=f"dataset.fields.split.{dataset.name}",
                                     persist_state="session")  # fmt: skip
        if st.button("Other samples", icon=":material/shuffle:", key="dataset.fields.shuffle"):
            st.session_state["dataset.fields.seed"] = st.session_state.get("dataset.fields.seed", 0) + 1
    st.html(_samples(dataset, dataset.fingerprint, split, st.session_state.get("dataset.fields.seed", 0)))


@cache_data(max_entries=16, show_spinner="Reading samples…")
def _samples(_dataset: Dataset, fingerprint: str, split: str, seed: int) -> str:
    """HTML: each sample's picture, class and values. Keyed on the dataset's fingerprint."""
    positions = _dataset.sample_positions(split, k=SAMPLES, seed=seed)
    return "".join(_sample(_dataset, split, position) for position in positions)


def _sample(dataset: Dataset, split: str, position: int) -> str:
    name = dataset.classes[dataset.row(split, position).label]
    (values,) = dataset.field_values(split, position, position + 1)
    shown = plain_values(values)
    rows = "".join(_row(name, _value(dataset, name, values[name], shown[name])) for name in values)
    table = f'<table style="border-collapse:collapse;font-size:0.85rem">{rows or _row("no value", "")}</table>'
    return (
        '<div style="display:flex;gap:16px;margin-bottom:16px"><figure style="margin:0;width:6rem;font-size:0.75rem;'
        f'overflow-wrap:anywhere">{picture(dataset, split, position, _said(name))}<div>{_said(name)}</div></figure>'
        f"<div>{table}</div></div>"
    )


def _row(name: str, value: str) -> str:
    return (
        f'<tr><td style="padding:1px 14px 1px 0;opacity:0.75;vertical-align:top">{_said(name)}</td>'
        f'<td style="overflow-wrap:anywhere">{value}</td></tr>'
    )


def _value(dataset: Dataset, name: str, value: FieldValue, shown: object) -> str:
    """A value to be read; an image as a picture."""
    if isinstance(value, bytes):
        try:
            source = thumbnail_address(value, dataset.values, EDGE)
            return f'<img src="{source}" alt="{_said(name)}" style="height:{EDGE}px;border-radius:4px">'
        except BadImage:
            return _said(str(shown))
    text = shown if isinstance(shown, str) else dumps(shown)
    return _said(text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}… ({len(text):,} characters)")


def _said(text: str) -> str:
    return html.escape(plain(text))
