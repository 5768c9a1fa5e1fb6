"""One sample as HTML: its heading, its place, its pictures and its facts. All texts are escaped; there are no scripts.

The page shows it at once, and the browser fetches the next ones as the same HTML (`sample_route`).
"""

from __future__ import annotations

import html
from typing import Any

from core.base.contracts import Pixels
from core.inspect.requests import InspectedSample
from ui.shared.gallery import data_uri
from ui.shared.labels import plain

LARGE = 288
PAIR, SEVERAL = 160, 106
"""Pixels of the longer side of each of two images of a record, and of more: so many fit side by side."""

MOST_HEADING = 120

_GREY = "font-size:0.875rem;opacity:0.75"


def sample_html(sample: InspectedSample, noun: str, position: int, place: str) -> str:
    """`noun`: "sample"; `place`: "Sample 5 of 60 in train"."""
    about = sample.about
    title = about.get("class") or about["label"]
    drawn = ""
    if sample.further:
        drawn = _all_images(sample)
    elif sample.pixels is not None:
        drawn = pictures_html(LARGE, {f"{noun} {position}: {title}": sample.pixels}, about["shape"])
    elif about.get("problem"):
        drawn = _no_picture(about["problem"], LARGE)
    return f"{_headed(heading(about), place)}{drawn}{_facts(about)}"


def failure_html(problem: str, place: str) -> str:
    """Of one that could not be read."""
    return _headed(problem[:MOST_HEADING], place)


def _headed(text: str, place: str) -> str:
    return (
        f'<h3 style="margin:0;padding:0;overflow-wrap:anywhere">{html.escape(plain(text))}</h3>'
        f'<p class="place" style="margin:0 0 8px;{_GREY}">{html.escape(plain(place))}</p>'
    )


def heading(about: dict[str, Any]) -> str:
    """The class by name, else the label, else the key."""
    if about.get("class"):
        return str(about["class"])[:MOST_HEADING]
    if about["label"] is None:
        return str(about["key"])[-MOST_HEADING:]
    return f"Label {str(about['label'])[:MOST_HEADING]}"


def pictures_html(edge: int, pictures: dict[str, Pixels], shape: list[int] | None = None) -> str:
    """Pictures in a row, by what they show, the longer side of each `edge`; small images keep their square pixels.
    `shape` is that of the image itself, where what is sent was made smaller."""
    row = "".join(_picture(pixels, edge, alternative, shape) for alternative, pixels in pictures.items())
    return f'<div style="display:flex;gap:8px;align-items:start">{row}</div>'


def _all_images(sample: InspectedSample) -> str:
    """Every image of a record beside the others, each with its name; of one that cannot be shown, the reason."""
    names, further = sample.about["images"], sample.about["further"]
    edge = SEVERAL if len(names) > 2 else PAIR
    shown = [(names[0], sample.pixels, sample.about.get("problem"))] if len(names) > len(further) else []
    shown += [(one["name"], pixels, one.get("problem")) for one, pixels in zip(further, sample.further, strict=True)]
    cards = "".join(_card(name, pixels, problem, edge) for name, pixels, problem in shown)
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:start">{cards}</div>'


def _card(name: str, pixels: Pixels | None, problem: str | None, edge: int) -> str:
    inside = _picture(pixels, edge, name) if pixels is not None else _no_picture(problem or "no picture", edge)
    said = ' aria-hidden="true"' if pixels is not None else ""  # it is the picture's alternative text already
    caption = f'<figcaption{said} style="font-size:0.85rem;opacity:0.75">{html.escape(plain(name))}</figcaption>'
    return f'<figure style="margin:0;max-width:100%;width:{edge}px;overflow-wrap:anywhere">{inside}{caption}</figure>'


def _no_picture(problem: str, edge: int) -> str:
    style = f"width:{edge}px;max-width:100%;border:1px dashed #8A94A1;border-radius:4px;padding:8px;font-size:0.85rem"
    return f'<div style="{style};box-sizing:border-box">{html.escape(plain(problem))}</div>'


def _picture(pixels: Pixels, edge: int, alternative: str, shape: list[int] | None = None) -> str:
    height, width, _ = pixels.shape
    scale = edge / max(height, width)
    sharp = "image-rendering:pixelated;" if edge > max((shape or pixels.shape)[:2]) else ""
    return (
        f'<img src="{data_uri(pixels)}" alt="{html.escape(plain(alternative), quote=True)}" style="{sharp}min-width:0;'
        f'width:{round(width * scale)}px;max-width:100%;aspect-ratio:{width}/{height};border-radius:4px">'
    )


def _facts(about: dict[str, Any]) -> str:
    """A table of what is known of a sample."""
    shape = about["shape"]
    stored = about.get("stored_shape")
    rows = {
        "Key": about["key"],
        "Label": "none" if about["label"] is None else _label(about),
        "Shape": _times(shape) if shape else "none",
        "Stored as": _times(stored) if stored and stored != shape else None,
        "Type": about["dtype"],
        "Encoding": about["encoding"],
        "Payload": f"{about['payload_bytes']:,} B",
        "Occupies": None if about["stored_bytes"] is None else _occupied(about),
    }
    cells = "".join(
        f'<tr><th scope="row" style="padding:3px 18px 3px 0;opacity:0.75;white-space:nowrap;font-weight:400;'
        f'text-align:left">{name}</th>'
        f'<td style="padding:3px 0;overflow-wrap:anywhere">{html.escape(plain(value))}</td></tr>'
        for name, value in rows.items()
        if value is not None
    )
    style = "border-collapse:collapse;font-size:0.92rem;font-variant-numeric:tabular-nums;margin-top:10px"
    return f'<table style="{style}">{cells}</table>'


def _label(about: dict[str, Any]) -> str:
    named = about.get("class") not in (None, about["label"])
    return f"{about['label']} ({about['class']})" if named else str(about["label"])


def _occupied(about: dict[str, Any]) -> str:
    payload, stored = about["payload_bytes"], about["stored_bytes"]
    more = f", {stored / payload:.2f} times its payload" if payload and stored != payload else ""
    return f"{stored:,} B{more}"


def _times(shape: list[int]) -> str:
    return " × ".join(map(str, shape))
