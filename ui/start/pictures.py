"""Images at first sight: a card for each class with some of its images, of a dataset or of the built-in one."""

from __future__ import annotations

import base64
import html
from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from core.datasets.dataset import Dataset
from core.sources.shapes import SPLITS, Shapes
from ui.shared import state
from ui.shared.cached import cache_data
from ui.shared.labels import counted, plain, verbatim
from ui.shared.thumbnails import source_of

CARDS, EACH = 10, 8
"""Classes that are shown, and images of each."""

NARROWEST = 168
"""Pixels of a card, at least: five beside each other on a wide page, two on a telephone."""

Cards = Mapping[str, Sequence[str]]
"""Class -> its images as data URIs."""


def draw_pictures() -> None:
    """Images of the current dataset; where there is none, of the built-in one before it is imported."""
    dataset = state.current_dataset()
    if dataset is None:
        st.html(cards_html(built_in_cards()))
        st.caption("The built-in dataset `shapes`: ten classes, drawn on this machine as you look at them.")
        return
    st.html(cards_html(dataset_cards(dataset, dataset.fingerprint)))
    classes = len(dataset.classes)
    shown = f"{min(classes, CARDS)} of its {counted(classes, 'class', 'classes')}" if classes > CARDS else "its images"
    st.caption(f"The dataset **{verbatim(dataset.name)}**: some of {shown}. The sidebar chooses another one.")


@cache_data(max_entries=1, show_spinner=False)
def built_in_cards() -> dict[str, list[str]]:
    """The first training images of each class, as the import draws them."""
    source = Shapes()
    step = len(source.classes)
    return {
        name: [
            f"data:image/png;base64,{base64.b64encode(source.png(SPLITS[0], label + step * place)).decode()}"
            for place in range(EACH)
        ]
        for label, name in enumerate(source.classes)
    }


@cache_data(max_entries=16, show_spinner=False)
def dataset_cards(_dataset: Dataset, fingerprint: str) -> dict[str, list[str]]:
    """Some images of the first classes. Keyed on the dataset's fingerprint."""
    split = max(_dataset.splits, key=_dataset.splits.__getitem__)
    found = {}
    for label, name in enumerate(_dataset.classes[:CARDS]):
        positions = _dataset.sample_positions(split, label=label, k=EACH)
        found[name] = [source for place in positions if (source := source_of(_dataset, split, place)) is not None]
    return {name: sources for name, sources in found.items() if sources}


def cards_html(cards: Cards, faint: Collection[str] = ()) -> str:
    """HTML: the classes side by side, as many as there is room for; those in `faint` are yet to come."""
    style = f"display:grid;grid-template-columns:repeat(auto-fill,minmax({NARROWEST}px,1fr));gap:14px 18px"
    return f'<div style="{style}">{"".join(_card(name, cards[name], name in faint) for name in cards)}</div>'


def _card(name: str, sources: Sequence[str], faint: bool) -> str:
    shown = html.escape(plain(name), quote=True)
    look = "width:100%;aspect-ratio:1;object-fit:cover;border-radius:3px;image-rendering:auto"
    images = "".join(f'<img src="{source}" alt="{shown}" style="{look}">' for source in sources)
    seen = ";opacity:0.12" if faint else ""
    return (
        f'<div style="min-width:0{seen}">'
        '<div style="font-size:0.9rem;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap" '
        f'title="{shown}">{shown}</div>'
        f'<div style="display:grid;grid-template-columns:repeat(4,1fr);gap:4px;margin-top:4px">{images}</div></div>'
    )
