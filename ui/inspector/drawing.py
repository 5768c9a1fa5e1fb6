"""How the pictures of a file are drawn: what was chosen for them, in words, and other choices of bands and range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.images.bands import parsed
from core.images.pixel_choice import AS_IS, DATASET
from core.inspect.display import Choice
from ui.inspector.opening import Subject
from ui.shared import address
from ui.shared.labels import verbatim

RANGE, BANDS = "inspector.range", "inspector.bands"
"""BANDS: (the bands, of how many channels), where others than usual were chosen."""

RANGES = {DATASET: "The dataset's range", AS_IS: "As stored"}
COLOURS = ("Red", "Green", "Blue")
_BAND = "inspector.band."


def chosen() -> Choice:
    """What the widgets say, before they are drawn."""
    address.recall("range", RANGE, lambda text: text if text in RANGES else None, default=address.FORGET)
    address.recall("bands", BANDS, _of_address, default=address.FORGET)
    range = st.session_state.get(RANGE) or DATASET
    bands, channels = st.session_state.get(BANDS) or (None, None)
    address.keep("range", None if range == DATASET else range)
    address.keep("bands", None if bands is None else f"{','.join(str(band + 1) for band in bands)}-of-{channels}")
    return Choice(range, bands, channels)


def forget() -> tuple[str, ...]:
    """The state that belongs to one file."""
    return RANGE, BANDS, *(key for key in map(str, st.session_state) if key.startswith(_BAND))


def draw_with(subject: Subject, choice: Choice) -> Subject:
    """The same, its pictures drawn as they are asked for."""
    return replace(subject, span=replace(subject.span, choice=choice))


def draw_choice(about: dict[str, Any]) -> None:
    """Below a picture: what was chosen for it, and what else there is to choose."""
    display = about.get("display")
    notes = about.get("notes") or []
    if notes:
        st.caption("  \n".join(verbatim(note[:1].upper() + note[1:]) + "." for note in notes))
    if display is None:
        return
    plain = about["dtype"] == "bool" or (about["dtype"] == "uint8" and display["range"] == [0, 255])
    if not plain or RANGE in st.session_state:
        st.segmented_control(
            "Black to white", list(RANGES), format_func=RANGES.__getitem__, default=DATASET, required=True, key=RANGE,
            persist_state="session", help="The dataset's range is taken from a sample of its images and is the same for"
            " all of them. As stored: the range that the type of the values stands for.",
        )  # fmt: skip
    if display["channels"] not in (1, 3):
        _draw_bands(display["channels"], display["bands"], display.get("names") or [])


def _draw_bands(channels: int, shown: Sequence[int], names: Sequence[str]) -> None:
    """Three bands to choose; one and the same three times is that band in grey."""
    keys = [f"{_BAND}{channels}.{colour}" for colour in COLOURS]
    bands = list(shown) if len(shown) == 3 else [shown[0]] * 3

    def changed() -> None:
        st.session_state[BANDS] = tuple(int(st.session_state[key]) for key in keys), channels

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for colour, key, band in zip(COLOURS, keys, bands, strict=True):
            st.selectbox(
                colour, range(channels), index=band, key=key, on_change=changed, width=102,
                format_func=lambda band: _band_name(band, names),
            )  # fmt: skip
    if BANDS in st.session_state:
        st.button("Usual bands", icon=":material/undo:", key="inspector.usual_bands", on_click=_forget_bands)


def _band_name(band: int, names: Sequence[str]) -> str:
    return names[band] if band < len(names) else f"Band {band + 1}"


def _forget_bands() -> None:
    for key in forget():
        if key != RANGE:
            st.session_state.pop(key, None)


def _of_address(text: str) -> tuple[tuple[int, ...], int] | None:
    """ "4,3,2-of-13"."""
    bands, _, channels = text.partition("-of-")
    count = address.number(channels)
    try:
        wanted = parsed(bands)
    except ValueError:
        return None
    return (wanted, count) if count is not None and max(wanted) < count else None
