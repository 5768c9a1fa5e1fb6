"""The samples of a preview as HTML: pictures with their labels and further values."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from ui.shared.labels import plain

EDGE = 92
"""Pixels on the page."""

MOST_FIELDS = 6

FRAME = (
    f"width:{EDGE}px;height:{EDGE}px;object-fit:contain;border-radius:4px;display:block;"
    "background:rgba(128,128,128,0.12);image-rendering:auto"
)
LINE = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"


def samples_html(samples: Iterable[Mapping[str, Any]]) -> str:
    """A cell for each sample, wrapped into rows."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(map(_cell, samples))}</div>'


def _cell(sample: Mapping[str, Any]) -> str:
    name, path, split = (_escaped(sample[part]) for part in ("class", "path", "split"))
    pictures = [_picture(sample["picture"], name, path)]
    pictures += [_picture(data, _escaped(field), _escaped(field)) for field, data in sample["pictures"].items()]
    fields = [f"{field}: {value}" for field, value in sample["fields"].items() if field not in sample["pictures"]]
    lines = "".join(
        f'<div style="{LINE};opacity:0.7" title="{_escaped(line)}">{_escaped(line)}</div>'
        for line in fields[:MOST_FIELDS]
    )
    width = len(pictures) * (EDGE + 4) - 4
    return (
        f'<div style="width:{width}px;font-size:0.8rem;line-height:1.35">'
        f'<div style="display:flex;gap:4px">{"".join(pictures)}</div>'
        f'<div style="{LINE};font-weight:600" title="{name}">{name}</div>'
        f'<div style="{LINE};opacity:0.7">{split} · label {sample["label"]}</div>{lines}</div>'
    )


def _picture(data: str, name: str, title: str) -> str:
    kind = "jpeg" if data.startswith("/9j/") else "png"
    return f'<img src="data:image/{kind};base64,{data}" alt="{name}" title="{title}" style="{FRAME}">'


def _escaped(text: object) -> str:
    return html.escape(plain(text), quote=True)
