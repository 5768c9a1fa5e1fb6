"""One sample, large: what it is, its first bytes, and the same sample from other stores with the difference."""

from __future__ import annotations

import html
from dataclasses import dataclass
from math import inf, log10
from typing import Any, Literal

import numpy as np
import streamlit as st

from core.base.contracts import Pixels
from core.inspect.requests import InspectedSample
from ui.inspector.drawing import draw_choice
from ui.inspector.findings import draw_findings
from ui.inspector.opening import Subject
from ui.inspector.sample_details import draw_fields, draw_header, draw_saving, draw_value
from ui.shared.gallery import data_uri
from ui.shared.labels import plain, verbatim

LARGE, SMALL = 288, 104
PAIR, SEVERAL = 160, 106
"""Pixels of the longer side of each of two images of a record, and of more: so many fit side by side."""

HEX_BYTES = 256
MOST_HEADING = 120


@dataclass(frozen=True)
class PixelDifference:
    """How far two images of one shape are apart.

    largest: the largest difference of two values, 0 to 255; psnr: in dB, inf where there is none; amplified: the
    differences times `factor`, clipped at 255.
    """

    largest: int
    psnr: float
    factor: int
    amplified: Pixels


def difference(first: Pixels, second: Pixels) -> PixelDifference:
    """Compare two images, uint8 (H, W, 3); all but the largest hundredth of the differences can be told apart."""
    apart = np.abs(first.astype(np.int16) - second.astype(np.int16))
    largest = int(apart.max(initial=0))
    error = float(np.mean(np.square(apart, dtype=np.float64))) if apart.size else 0.0
    factor = int(255 // max(np.percentile(apart, 99), 1)) if largest else 1
    amplified = np.minimum(apart * factor, 255).astype(np.uint8)
    return PixelDifference(largest, 10 * log10(255**2 / error) if error else inf, factor, amplified)


def draw_sample(subject: Subject, sample: InspectedSample, position: int) -> None:
    """The picture, or whatever it is instead, then its facts, and what its first bytes are."""
    about = sample.about
    title = about.get("class") or about["label"]
    st.subheader(_heading(about), anchor=False)
    st.caption(f"{subject.noun.capitalize()} {position:,} of {len(subject.span):,} {verbatim(subject.where)}")
    if sample.further:
        draw_all_images(sample)
    elif sample.pixels is not None:
        draw_pictures(LARGE, {f"{subject.noun} {position}: {title}": sample.pixels})
    draw_choice(about)
    if about.get("problem"):
        st.error(verbatim(about["problem"]), icon=":material/broken_image:")
    draw_value(about)
    draw_saving(subject.span, sample, position)
    st.html(_facts(about))
    draw_fields(about)
    draw_findings(about.get("findings", []))
    draw_header(about)
    if sample.head:
        st.caption(f"The first {min(len(sample.head), HEX_BYTES)} of its {about['payload_bytes']:,} bytes")
        st.code(hex_dump(sample.head[:HEX_BYTES]), language=None, height=190)


def _heading(about: dict[str, Any]) -> str:
    """The class by name, else the label, else the key."""
    if about.get("class"):
        return verbatim(str(about["class"])[:MOST_HEADING])
    if about["label"] is None:
        return verbatim(str(about["key"])[-MOST_HEADING:])
    return f"Label {verbatim(str(about['label'])[:MOST_HEADING])}"


def draw_pictures(edge: int, pictures: dict[str, Pixels]) -> None:
    """Pictures in a row, by what they show, the longer side of each `edge`; small images keep their square pixels."""
    row = "".join(_picture(pixels, edge, alternative) for alternative, pixels in pictures.items())
    st.html(f'<div style="display:flex;gap:8px;align-items:start">{row}</div>')


def draw_all_images(sample: InspectedSample) -> None:
    """Every image of a record beside the others, each with its name; of one that cannot be shown, the reason."""
    names, further = sample.about["images"], sample.about["further"]
    edge = SEVERAL if len(names) > 2 else PAIR
    shown = [(names[0], sample.pixels, sample.about.get("problem"))] if len(names) > len(further) else []
    shown += [(one["name"], pixels, one.get("problem")) for one, pixels in zip(further, sample.further, strict=True)]
    cards = "".join(_card(name, pixels, problem, edge) for name, pixels, problem in shown)
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:start">{cards}</div>')


def _card(name: str, pixels: Pixels | None, problem: str | None, edge: int) -> str:
    inside = _picture(pixels, edge, name) if pixels is not None else _no_picture(problem or "no picture", edge)
    caption = f'<figcaption style="font-size:0.85rem;opacity:0.75">{html.escape(plain(name))}</figcaption>'
    return f'<figure style="margin:0;max-width:100%;width:{edge}px;overflow-wrap:anywhere">{inside}{caption}</figure>'


def _no_picture(problem: str, edge: int) -> str:
    style = f"width:{edge}px;max-width:100%;border:1px dashed #8A94A1;border-radius:4px;padding:8px;font-size:0.85rem"
    return f'<div style="{style};box-sizing:border-box">{html.escape(plain(problem))}</div>'


def _picture(pixels: Pixels, edge: int, alternative: str) -> str:
    height, width, _ = pixels.shape
    scale = edge / max(height, width)
    sharp = "image-rendering:pixelated;" if scale > 1 else ""
    return (
        f'<img src="{data_uri(pixels)}" alt="{html.escape(plain(alternative), quote=True)}" style="{sharp}min-width:0;'
        f'width:{round(width * scale)}px;max-width:100%;aspect-ratio:{width}/{height};border-radius:4px">'
    )


def draw_comparison(title: str, sample: InspectedSample, original: InspectedSample) -> None:
    """A card for another store's version of a sample: picture, verdict, sizes, and where they differ how."""
    st.markdown(f"**{verbatim(title)}**")
    about = sample.about
    if sample.pixels is None or original.pixels is None:
        st.error(verbatim(about.get("problem", "It cannot be shown as an image.")), icon=":material/broken_image:")
        return
    pictures = {f"the sample in {title}": sample.pixels}
    if sample.pixels.shape != original.pixels.shape:
        height, width, _ = sample.pixels.shape
        verdict, colour, icon = f"Other shape: {width} × {height}", "blue", ":material/aspect_ratio:"
        remark = "Pixels cannot be compared one by one."
    else:
        apart = difference(original.pixels, sample.pixels)
        verdict, colour, icon, remark = _verdict(apart)
        if apart.largest:
            pictures[f"the difference of {title}"] = apart.amplified
    draw_pictures(SMALL, pictures)
    st.badge(verdict, color=colour, icon=icon)
    st.caption("  \n".join(filter(None, [remark, f"{verbatim(about['encoding'])} · {_sizes(about)}"])))


def _verdict(apart: PixelDifference) -> tuple[str, Literal["green", "orange"], str, str]:
    """(verdict, colour, icon, remark)."""
    if apart.largest == 0:
        return "Identical pixels", "green", ":material/check:", ""
    times = f", shown {apart.factor} times as strong" if apart.factor > 1 else ""
    remark = f"Right: the difference{times}. The largest is {apart.largest} of 255."
    return f"Different: PSNR {apart.psnr:.1f} dB", "orange", ":material/difference:", remark


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
        f'<tr><td style="padding:3px 18px 3px 0;opacity:0.65;white-space:nowrap">{name}</td>'
        f'<td style="padding:3px 0;overflow-wrap:anywhere">{html.escape(plain(value))}</td></tr>'
        for name, value in rows.items()
        if value is not None
    )
    return (
        f'<table style="border-collapse:collapse;font-size:0.92rem;font-variant-numeric:tabular-nums">{cells}</table>'
    )


def _label(about: dict[str, Any]) -> str:
    named = about.get("class") not in (None, about["label"])
    return f"{about['label']} ({about['class']})" if named else str(about["label"])


def _occupied(about: dict[str, Any]) -> str:
    payload, stored = about["payload_bytes"], about["stored_bytes"]
    more = f", {stored / payload:.2f} times its payload" if payload and stored != payload else ""
    return f"{stored:,} B{more}"


def _sizes(about: dict[str, Any]) -> str:
    stored = about["stored_bytes"]
    return f"{about['payload_bytes']:,} B" + (f", occupies {stored:,} B" if stored is not None else "")


def _times(shape: list[int]) -> str:
    return " × ".join(map(str, shape))


def hex_dump(data: bytes) -> str:
    """Eight bytes a line: offset, hexadecimal, and the letters among them."""
    return "\n".join(_hex_line(offset, data[offset : offset + 8]) for offset in range(0, len(data), 8))


def _hex_line(offset: int, line: bytes) -> str:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
    return f"{offset:04x} {line.hex(' '):<23} {letters}"
