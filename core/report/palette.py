"""The colours of the formats, the same in every chart of the app and of reports, and what people call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..formats import FORMATS
from ..measure.rival_rows import is_rival

PALETTE = ("#C9761B", "#2F7DD1", "#1A9A74", "#BF4F8E", "#7B66CC", "#6C7A89")
"""Told apart with any common colour blindness; contrast of 3:1 and more on the light ground and on the dark."""

FORMAT_COLOURS = (*PALETTE, "#D0473A", "#2A8FA3", "#7C8A20", "#96623B", "#A35BC7", "#4F6FB5")
"""Of formats that choose none, by their place in the registry: the same contrast, but so many are told apart only
beside their names."""

FIGURE_COLOUR = "#7A8594"
"""Of figures beside bars, and of whiskers: legible on both grounds."""

RIVAL, RIVAL_COLOUR = "Rival", PALETTE[-1]
"""Somebody else's loader with a container of its own, whatever that is called: none of our formats."""


def format_colour(name: str) -> str:
    """The colour of a format: its own, or the one at its place in the registry."""
    if name not in FORMATS:
        return PALETTE[-1]
    return FORMATS[name].colour or FORMAT_COLOURS[list(FORMATS).index(name) % len(FORMAT_COLOURS)]


def format_title(name: str) -> str:
    """What people call a format."""
    return FORMATS[name].title if name in FORMATS else name


def row_colour(row: Mapping[str, Any]) -> str:
    """The colour of a row of a loader record: its format's, or that of all rivals."""
    return RIVAL_COLOUR if is_rival(row) else format_colour(str(row.get("format", "")))


def row_title(row: Mapping[str, Any]) -> str:
    """The title of its format; of a rival, that it is one."""
    return RIVAL if is_rival(row) else format_title(str(row.get("format", "")))
