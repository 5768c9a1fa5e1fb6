"""The samples of a preview as HTML: pictures with their labels and further values."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from ui.shared.labels import plain

NARROWEST = 116
"""Pixels of a picture on the page, at least."""

MOST_FIELDS, MOST_PICTURES = 6, 3

FRAME = (
    "flex:1;min-width:0;aspect-ratio:1;object-fit:contain;border-radius:4px;display:block;"
    "background:rgba(128,128,128,0.12)"
)
LINE = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"


def samples_html(samples: Sequence[Mapping[str, Any]]) -> str:
    """A cell for each sample, in rows."""
    pictures = max((1 + len(sample["pictures"]) for sample in samples), default=1)
    width = min(pictures, MOST_PICTURES) * NARROWEST
    return (
        f'<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax({width}px,1fr));gap:14px">'
        f"{''.join(map(_cell, samples))}</div>"
    )


def _cell(sample: Mapping[str, Any]) -> str:
    name, path, split = (_escaped(sample[part]) for part in ("class", "path", "split"))
    pictures = [_picture(sample["picture"], name, path)]
    further = list(sample["pictures"].items())[: MOST_PICTURES - 1]
    pictures += [_picture(data, _escaped(field), _escaped(field)) for field, data in further]
    fields = [f"{field}: {value}" for field, value in sample["fields"].items() if field not in sample["pictures"]]
    lines = "".join(
        f'<div style="{LINE};opacity:0.7" title="{_escaped(line)}">{_escaped(line)}</div>'
        for line in fields[:MOST_FIELDS]
    )
    return (
        '<div style="min-width:0;font-size:0.8rem;line-height:1.35">'
        f'<div style="display:flex;gap:4px">{"".join(pictures)}</div>'
        f'<div style="{LINE};font-weight:600" title="{name}">{name}</div>'
        f'<div style="{LINE};opacity:0.7">{split} · label {sample["label"]}</div>{lines}</div>'
    )


def _picture(data: str, name: str, title: str) -> str:
    small = not data.startswith("/9j/")
    style = f"{FRAME};image-rendering:pixelated" if small else FRAME
    kind = "png" if small else "jpeg"
    return f'<img src="data:image/{kind};base64,{data}" alt="{name}" title="{title}" style="{style}">'


def _escaped(text: object) -> str:
    return html.escape(plain(text), quote=True)
