"""What stands beside a sample: its value and first bytes, and the same sample from other stores with the difference."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import Any, Literal

import numpy as np
import streamlit as st

from core.base.contracts import Pixels
from core.inspect.requests import InspectedSample
from core.inspect.small_pictures import fitted
from ui.inspector.drawing import draw_choice
from ui.inspector.findings import draw_findings
from ui.inspector.opening import Subject
from ui.inspector.sample_details import draw_fields, draw_header, draw_saving, draw_value
from ui.inspector.sample_html import pictures_html, sample_html
from ui.shared.labels import verbatim

SMALL = 104
HEX_BYTES = 256


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
    """All of one sample, from which nothing steps on."""
    place = f"{subject.noun.capitalize()} {position:,} of {len(subject.span):,} {subject.where}"
    st.html(sample_html(sample, subject.noun, position, place))
    draw_details(subject, sample, position)


def draw_details(subject: Subject, sample: InspectedSample, position: int) -> None:
    """What there is beside its picture and its facts: how it was drawn, its value and fields, its first bytes."""
    about = sample.about
    draw_choice(about)
    if about.get("problem"):
        st.error(verbatim(about["problem"]), icon=":material/broken_image:")
    draw_value(about)
    draw_saving(subject.span, sample, position)
    draw_fields(about)
    draw_findings(about.get("findings", []))
    draw_header(about)
    if sample.head:
        st.caption(f"The first {min(len(sample.head), HEX_BYTES)} of its {about['payload_bytes']:,} bytes")
        st.code(hex_dump(sample.head[:HEX_BYTES]), language=None, height=190)


def _draw_pictures(pictures: dict[str, Pixels], shape: tuple[int, ...]) -> None:
    """Pictures of this shape, sent at twice the size at which they are shown: differences of photos take megabytes."""
    st.html(pictures_html(SMALL, {name: fitted(one, 2 * SMALL) for name, one in pictures.items()}, list(shape)))


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
    _draw_pictures(pictures, sample.pixels.shape)
    st.badge(verdict, color=colour, icon=icon)
    st.caption("  \n".join(filter(None, [remark, f"{verbatim(about['encoding'])} · {_sizes(about)}"])))


def _verdict(apart: PixelDifference) -> tuple[str, Literal["green", "orange"], str, str]:
    """(verdict, colour, icon, remark)."""
    if apart.largest == 0:
        return "Identical pixels", "green", ":material/check:", ""
    times = f", shown {apart.factor} times as strong" if apart.factor > 1 else ""
    remark = f"Right: the difference{times}. The largest is {apart.largest} of 255."
    return f"Different: PSNR {apart.psnr:.1f} dB", "orange", ":material/difference:", remark


def _sizes(about: dict[str, Any]) -> str:
    stored = about["stored_bytes"]
    return f"{about['payload_bytes']:,} B" + (f", occupies {stored:,} B" if stored is not None else "")


def hex_dump(data: bytes) -> str:
    """Eight bytes a line: offset, hexadecimal, and the letters among them."""
    return "\n".join(_hex_line(offset, data[offset : offset + 8]) for offset in range(0, len(data), 8))


def _hex_line(offset: int, line: bytes) -> str:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
    return f"{offset:04x} {line.hex(' '):<23} {letters}"
