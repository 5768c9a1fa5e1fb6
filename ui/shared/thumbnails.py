"""Small pictures of a dataset, a row a class, sent at the size at which they are shown."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from core.datasets.dataset import Dataset
from core.images.pixels import BadImage
from core.images.thumbnail import thumbnail_address
from ui.shared.cached import cache_data
from ui.shared.labels import plain

EDGE = 60
"""Pixels on the page along the longer edge."""


@cache_data(max_entries=16, show_spinner="Reading images…")
def class_rows(_dataset: Dataset, fingerprint: str, split: str, labels: tuple[int, ...], each: int, seed: int) -> str:
    """HTML: for each class its name and `each` of its images, drawn by `seed`. Keyed on the dataset's fingerprint."""
    rows = "".join(_class_row(_dataset, split, label, each, seed) for label in labels)
    return f'<div style="display:grid;grid-template-columns:fit-content(16rem) 1fr;gap:10px 20px">{rows}</div>'


def _class_row(dataset: Dataset, split: str, label: int, each: int, seed: int) -> str:
    name = html.escape(plain(dataset.classes[label]))
    pictures = "".join(
        picture(dataset, split, position, name)
        for position in dataset.sample_positions(split, label=label, k=each, seed=seed)
    )
    pictures = pictures or f'<span style="align-self:center;opacity:0.75">none in {html.escape(plain(split))}</span>'
    return (
        '<div style="align-self:center;font-size:0.9rem;overflow-wrap:anywhere;'
        f'max-height:{EDGE}px;overflow:hidden">{name}</div>'
        f'<div style="display:flex;gap:6px;overflow:hidden;height:{EDGE}px;flex-wrap:wrap">{pictures}</div>'
    )


def figures(dataset: Dataset, examples: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> str:
    """HTML: for each example its images side by side, each with its split and class below, and the example's text.

    An image is told by `split`, `position` and `class`.
    """
    drawn = "".join(_figure(dataset, text, images) for text, images in examples)
    return f'<div style="display:flex;flex-wrap:wrap;gap:14px 28px">{drawn}</div>'


def _figure(dataset: Dataset, text: str, images: Sequence[Mapping[str, Any]]) -> str:
    cells = "".join(
        f'<div style="width:6.5rem">{picture(dataset, image["split"], image["position"], _said(image["class"]))}'
        f"<div>{_said(image['split'])} · {_said(image['class'])}</div>"
        f'<div style="opacity:0.75">{_said(image["path"].rpartition("/")[2])}</div></div>'
        for image in images
    )
    return (
        '<figure style="margin:0;font-size:0.75rem;line-height:1.3;overflow-wrap:anywhere">'
        f'<div style="display:flex;gap:8px">{cells}</div>'
        f'<figcaption style="opacity:0.8;margin-top:2px">{_said(text)}</figcaption></figure>'
    )


def _said(text: str) -> str:
    return html.escape(plain(text))


def picture(dataset: Dataset, split: str, position: int, name: str) -> str:
    """HTML of one image; `name` is read aloud in its place, and is HTML."""
    row = dataset.row(split, position)
    title = html.escape(plain(f"{row.path}, {row.width} × {row.height}"), quote=True)
    sharp = "image-rendering:pixelated;" if max(row.width, row.height) <= EDGE else ""
    try:
        source = thumbnail_address(dataset.read(row), dataset.values, EDGE)
    except (OSError, BadImage) as error:
        why = html.escape(plain(f"{row.path}: {error}"), quote=True)
        return (
            f'<div title="{why}" style="width:{EDGE}px;height:{EDGE}px;font-size:11px;opacity:0.75">not readable</div>'
        )
    return (
        f'<img src="{source}" alt="{name}" title="{title}" '
        f'style="width:{EDGE}px;height:{EDGE}px;object-fit:cover;border-radius:4px;{sharp}">'
    )


def source_of(dataset: Dataset, split: str, position: int) -> str | None:
    """One image as a data URI, no larger than it is shown; None where it cannot be read any more."""
    try:
        return thumbnail_address(dataset.read(dataset.row(split, position)), dataset.values, EDGE)
    except (OSError, BadImage):
        return None
