"""Estimated size of the images of a file in other formats, and what they occupy in this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.inspect.size_estimate import SizeEstimate
from ui.inspector import inspected
from ui.inspector.conversion import draw_conversion
from ui.inspector.opening import Subject
from ui.shared.charts import draw_chart
from ui.shared.labels import counted, size_text
from ui.shared.theme import FIGURE_COLOUR, finish, format_scale, format_title

if TYPE_CHECKING:
    import altair as alt

SHOWN = 15
ENCODING_TITLES = {"raw": "raw pixels", "png": "PNG", "jpeg": "JPEG", "original": "files as they are"}


def draw_sizes(subject: Subject) -> None:
    """A bar per storage method for these images, with its uncertainty, and a line for this file."""
    st.subheader("Estimated size of these images in other formats", anchor=False)
    with st.spinner("Encoding a sample of them…"):
        rows = inspected.encoded_sizes(subject.span)
    images = [row for row in rows if "raw" in row]
    if not images:
        st.caption("Among the entries that were looked at there is no image, so no size can be estimated.")
        return
    found = inspected.estimated(subject.span)
    here = occupied(subject)
    chart = sizes_chart(found[:SHOWN], here)
    draw_chart(
        chart,
        "Estimated size of these images in other formats",
        rows=[asdict(one) for one in found],
        export=f"{Path(subject.span.path).stem}-in-other-formats",
    )
    st.caption(
        f"**Estimates**, from {counted(len(images), 'image')} drawn at random and encoded just now, for "
        f"{counted(len(subject.span), subject.noun, 'entries' if subject.noun == 'entry' else None)}. "
        + ("The whiskers are 95% confidence intervals. " if len(images) > 1 else "")
        + (f"Shown are the smallest {SHOWN} of {len(found)}. " if len(found) > SHOWN else "")
        + "Format, encoding and compression differ from bar to bar. JPEG is lossy, the others are lossless. What a "
        "container occupies beside its samples, some kB, is not in the bars."
        + (f" The line: what this file occupies now, {size_text(here)}." if here else "")
    )
    draw_conversion(subject, found)


def occupied(subject: Subject) -> int | None:
    """Bytes on the disk of what is looked at now, where they are known."""
    if subject.store is not None and subject.split is not None:
        return int(subject.store.manifest.splits[subject.split]["allocated_bytes"])
    span = subject.span
    told = inspected.summary(span.path, span.stamp, span.schema)["structure"].get("allocated_bytes")
    return int(told) if told else None


def sizes_chart(found: Sequence[SizeEstimate], here: int | None) -> alt.LayerChart:
    """Bars by format and encoding, the smallest first."""
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(
        [
            {
                "way": title_of(one),
                "format": format_title(one.format),
                "megabytes": one.bytes / 1e6,
                "low": one.low / 1e6,
                "high": one.high / 1e6,
                "figure": size_text(one.bytes),
            }
            for one in found
        ]
    )
    top = max(float(table["high"].max()), (here or 0) / 1e6) * 1.18
    scale = alt.Scale(domain=[0, top], nice=False)
    way = alt.Y("way:N", sort=list(table["way"]), title=None, axis=alt.Axis(labelLimit=300))
    base = alt.Chart(table).encode(y=way)
    bars = base.mark_bar(cornerRadiusEnd=3, height=16).encode(
        x=alt.X("megabytes:Q", title="MB (estimated)", scale=scale, axis=alt.Axis(tickCount=6, format="~g")),
        color=alt.Color("format:N", scale=format_scale(), legend=None),  # each bar has its format's name
        tooltip=["way", "figure", alt.Tooltip("low", format=",.2f", title="from MB"),
                 alt.Tooltip("high", format=",.2f", title="to MB")],
    )  # fmt: skip
    whiskers = base.mark_rule(color=FIGURE_COLOUR, strokeWidth=2).encode(x="low:Q", x2="high:Q")
    figures = base.mark_text(align="left", dx=6, fontSize=12).encode(
        x="high:Q", text="figure:N", color=alt.value(FIGURE_COLOUR)
    )
    layers = [bars, whiskers, figures]
    if here:
        line = alt.Chart(pd.DataFrame({"megabytes": [here / 1e6]}))
        line = line.mark_rule(color=FIGURE_COLOUR, strokeDash=[5, 4], strokeWidth=1.5, opacity=0.7)
        layers.insert(0, line.encode(x=alt.X("megabytes:Q", scale=scale)))
    return finish(alt.layer(*layers).properties(height=alt.Step(26)))


def title_of(one: SizeEstimate) -> str:
    """ "HDF5 · PNG + zstd"."""
    compression = "" if one.compression == "none" else f" + {one.compression}"
    return f"{format_title(one.format)} · {ENCODING_TITLES.get(one.encoding, one.encoding)}{compression}"
