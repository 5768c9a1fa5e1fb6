"""What a sample has beside its picture: a value to be read, a vector to be drawn, its file's header, and saving it."""

from __future__ import annotations

import html
import io
import json
from typing import Any

import streamlit as st
from PIL import Image

from core.base.contracts import Pixels
from core.base.errors import InputError
from core.base.names import safe_name
from core.base.strict_json import dumps
from core.inspect.files import open_inspected
from core.inspect.requests import InspectedSample
from ui.inspector.inspected import Span
from ui.inspector.numbers import draw_numbers
from ui.shared.charts import draw_chart
from ui.shared.labels import number_text, plain, plain_lines, verbatim
from ui.shared.theme import PALETTE, finish

ENDINGS = {"jpeg": ".jpg", "jpeg2000": ".jp2", "text": ".txt", "json": ".json"}
PLAIN_ENDINGS = ("png", "webp", "gif", "bmp", "tiff", "pgm", "ppm", "avif", "npy")
LONG_TEXT, TEXT_HEIGHT = 500, 300
MOST_FIELDS, MOST_FIELD_TEXT = 12, 1_200
"""Fields, and characters of them, that are shown as they are."""


def draw_value(about: dict[str, Any]) -> None:
    """A vector as a chart, other numbers as their figures, JSON as a tree, text as text; nothing for an image."""
    if about.get("values"):
        _draw_vector(about["values"], about["values_total"])
    if about.get("statistics"):
        draw_numbers(about)
    if about.get("values") or about.get("statistics"):
        return
    if not about.get("text"):
        return
    parsed = _parsed(about["text"])
    if parsed is None:
        st.code(
            plain_lines(about["text"]),
            language=None,
            wrap_lines=True,
            height=TEXT_HEIGHT if len(about["text"]) > LONG_TEXT else "content",
        )
    else:
        st.json(parsed, expanded=2)


def _parsed(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or list that a text is the JSON of."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _draw_vector(values: list[float], total: int) -> None:
    import altair as alt
    import pandas as pd

    table = pd.DataFrame({"number": range(len(values)), "value": values})
    chart = alt.Chart(table).mark_bar(color=PALETTE[4], width={"band": 1})
    chart = chart.encode(
        x=alt.X("number:O", title=None, axis=None),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4)),
        tooltip=["number", alt.Tooltip("value", format=".5g")],
    ).properties(height=150)
    draw_chart(finish(chart), "The numbers of this vector as bars")
    norm = sum(value * value for value in values) ** 0.5
    left_out = f", the first {len(values):,} of them" if total > len(values) else ""
    st.caption(
        f"A vector of {total:,} numbers{left_out}, from {min(values):.4g} to {max(values):.4g}; "
        f"its length is {norm:.4g}."
    )


def draw_header(about: dict[str, Any]) -> None:
    """What the image file's header says, and its EXIF."""
    header, exif = about.get("header") or [], about.get("exif") or []
    if header:
        st.caption(
            verbatim(" · ".join(f"{name}: {value}" if name != "Format" else str(value) for name, value in header))
        )
    if exif:
        with st.expander(f"EXIF ({number_text(len(exif))})", icon=":material/photo_camera:"):
            st.html(_table(exif))


def draw_fields(about: dict[str, Any]) -> None:
    """All fields of a record by name, those of long texts and tables in a box that scrolls."""
    fields = about.get("fields")
    if not fields:
        return
    st.caption(f"Its {number_text(len(fields))} fields" if len(fields) > 1 else "Its field")
    pairs = [[str(name), value if isinstance(value, str) else dumps(value)] for name, value in fields.items()]
    long = len(pairs) > MOST_FIELDS or sum(len(text) for _, text in pairs) > MOST_FIELD_TEXT
    with st.container(height=TEXT_HEIGHT if long else "content", border=long):
        st.html(_table(pairs))


def _table(pairs: list[list[str]]) -> str:
    rows = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;opacity:0.75">{html.escape(plain(name))}</td>'
        f'<td style="overflow-wrap:anywhere">{html.escape(plain(value))}</td></tr>'
        for name, value in pairs
    )
    return f'<table style="border-collapse:collapse;font-size:0.88rem">{rows}</table>'


def draw_saving(span: Span, sample: InspectedSample, position: int) -> None:
    """Buttons that save the picture as PNG and the bytes as they lie in the file; made only when they are clicked."""
    about = sample.about
    name = safe_name(about["key"].replace("/", "_"))
    with st.container(horizontal=True, gap="small"):
        if sample.pixels is not None:
            st.download_button("Save as PNG", lambda: _whole_png(span, position), _named(name, "png"), "image/png",
                               on_click="ignore", icon=":material/download:", key="inspector.save_png")  # fmt: skip
        if about["payload_bytes"]:
            st.download_button("Original bytes", lambda: _payload(span, position), _named(name, about["encoding"]),
                               "application/octet-stream", on_click="ignore", icon=":material/download:",
                               key="inspector.save_bytes")  # fmt: skip


def _whole_png(span: Span, position: int) -> bytes:
    """In its own size, where what is shown was made smaller; read as `_payload` is."""
    with open_inspected(span.path, span.schema) as file:
        pixels = file.sample(span.start + position, choice=span.choice).pixels
    if pixels is None:
        raise InputError(f"entry {position} of {span.path} is not an image")
    return png(pixels)


def png(pixels: Pixels) -> bytes:
    """An image file of these pixels."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _payload(span: Span, position: int) -> bytes:
    """Read by a reader of its own: a download is made outside of the page's run."""
    with open_inspected(span.path, span.schema) as file:
        return file.payload(span.start + position)


def _named(name: str, encoding: str) -> str:
    """With the encoding's ending, unless it has it already."""
    return name if name.lower().endswith((ending(encoding), f".{encoding}")) else name + ending(encoding)


def ending(encoding: str) -> str:
    """What a file of such bytes is called: what is compressed or bare pixels is called .bin."""
    return ENDINGS.get(encoding, f".{encoding}" if encoding in PLAIN_ENDINGS else ".bin")
