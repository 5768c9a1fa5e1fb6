"""Images at first sight: a card for each class with some of its images, of a dataset or of the built-in one."""

from __future__ import annotations

import base64
import html
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import streamlit as st

from core.base.home import Home
from core.datasets.dataset import Dataset
from core.sources.shapes import SPLITS, Shapes
from ui.shared import state
from ui.shared.labels import plain, verbatim
from ui.shared.thumbnails import source_of

CARDS, EACH = 10, 8
"""Classes that are shown, and images of each."""

NARROWEST = 168
"""Pixels of a card, at least: five beside each other on a wide page, two on a telephone."""

Cards = Mapping[str, Sequence[str]]
"""Class -> its images as data URIs."""


def draw_pictures(strip: bool) -> None:
    """Images of the current dataset; where there is none, of the built-in one before it is imported.

    `strip`: one of each class in a line, where the demo's own step shows more of them.
    """
    dataset = state.current_dataset()
    cards = built_in_cards() if dataset is None else dataset_cards(dataset)
    if strip:
        st.html(strip_html(cards))
        return
    st.html(cards_html(cards))
    if dataset is None:
        st.caption("The built-in dataset `shapes`: ten classes, drawn on this machine as you look at them.")
        return
    classes = len(dataset.classes)
    few = f"of {CARDS} of its {classes:,} classes" if classes > CARDS else "of each class"
    st.caption(f"The dataset **{verbatim(dataset.name)}**: some images {few}. The sidebar chooses another one.")


@lru_cache(maxsize=1)
def built_in_cards() -> Cards:
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


def dataset_cards(dataset: Dataset) -> Cards:
    """Some images of the first classes that have any."""
    return _dataset_cards(str(state.home().root), dataset.name, dataset.fingerprint)


@lru_cache(maxsize=8)
def _dataset_cards(root: str, name: str, fingerprint: str) -> Cards:
    """`fingerprint` is part of the cache's key only."""
    dataset = Dataset.open(Home.find(root), name)
    split = max(dataset.splits, key=dataset.splits.__getitem__)
    found = {}
    for label, title in enumerate(dataset.classes[:CARDS]):
        positions = dataset.sample_positions(split, label=label, k=EACH)
        found[title] = [source for place in positions if (source := source_of(dataset, split, place)) is not None]
    return {title: sources for title, sources in found.items() if sources}


def cards_html(cards: Cards, faint: Collection[str] = ()) -> str:
    """HTML: the classes side by side, as many as there is room for; those in `faint` are yet to come."""
    style = f"display:grid;grid-template-columns:repeat(auto-fill,minmax({NARROWEST}px,1fr));gap:14px 18px"
    return f'<div style="{style}">{"".join(_card(name, cards[name], name in faint) for name in cards)}</div>'


def _card(name: str, sources: Sequence[str], faint: bool) -> str:
    shown = html.escape(plain(name), quote=True)
    look = "width:100%;aspect-ratio:1;object-fit:cover;border-radius:3px;image-rendering:auto"
    images = "".join(f'<img src="{source}" alt="{shown}" style="{look}" />' for source in sources)
    seen = ";opacity:0.12" if faint else ""
    return (
        f'<div style="min-width:0{seen}">'
        '<div style="font-size:0.9rem;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap" '
        f'title="{shown}">{shown}</div>'
        f'<div style="display:grid;grid-template-columns:repeat(4,1fr);gap:4px;margin-top:4px">{images}</div></div>'
    )


def strip_html(cards: Cards) -> str:
    """HTML: one image of each class, side by side."""
    look = "height:44px;width:44px;object-fit:cover;border-radius:3px"
    images = "".join(
        f'<img src="{sources[0]}" alt="{html.escape(plain(name), quote=True)}" style="{look}" />'
        for name, sources in cards.items()
    )
    return f'<div style="display:flex;gap:8px;overflow:hidden;height:44px;flex-wrap:wrap">{images}</div>'
