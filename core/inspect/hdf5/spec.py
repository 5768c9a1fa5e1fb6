"""The HDF5 Image and Palette Specification 1.2: what the attributes of a dataset say of its colours and its top.

https://support.hdfgroup.org/documentation/hdf5/latest/_i_m_g.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .file import Hdf5File

_FLIPS = {"LL": (0,), "UR": (1,), "LR": (0, 1)}
"""DISPLAY_ORIGIN: the axes (rows, columns) that run the other way; UL is upright."""

_INTERLACE = {"INTERLACE_PIXEL": "HWC", "INTERLACE_LINE": "HCW", "INTERLACE_PLANE": "CHW"}

MAX_PALETTE = 1 << 16


def is_image(attributes: Mapping[str, Any]) -> bool:
    return word(attributes.get("CLASS")) == "IMAGE"


def layout(attributes: Mapping[str, Any], axes: int) -> str | None:
    """The axes of one image as its attributes tell them, or None where they do not."""
    if axes == 3:
        return _INTERLACE.get(word(attributes.get("INTERLACE_MODE")))
    return "HW" if axes == 2 and is_image(attributes) else None


def through_palette(file: Hdf5File, values: np.ndarray, attributes: Mapping[str, Any]) -> np.ndarray | None:
    """An image (H, W) of indices as (H, W, 3) uint8, those beyond the palette as its last colour; None where the
    dataset is no such image, or has no palette."""
    indexed = is_image(attributes) and word(attributes.get("IMAGE_SUBCLASS")) == "IMAGE_INDEXED"
    if not indexed or values.ndim != 2 or values.dtype.kind not in "ui":
        return None
    palette = _palette(file, attributes.get("PALETTE"))
    return None if palette is None else palette[np.minimum(values, len(palette) - 1)]


def turned(values: np.ndarray, attributes: Mapping[str, Any]) -> np.ndarray:
    """An image (H, W) or (H, W, C) the right way up, as DISPLAY_ORIGIN says."""
    flips = _FLIPS.get(word(attributes.get("DISPLAY_ORIGIN")), ())
    return np.flip(values, flips) if flips else values


def white_is_zero(attributes: Mapping[str, Any]) -> bool:
    """Whether the lowest values are white."""
    return is_image(attributes) and _flag(attributes.get("IMAGE_WHITE_IS_ZERO"))


def _palette(file: Hdf5File, reference: Any) -> np.ndarray | None:
    references: Any = np.atleast_1d(np.asarray(reference, dtype=object)) if reference is not None else []
    for one in references:
        found = file.dereferenced(one)
        shape = getattr(found, "shape", None)
        if shape is None or len(shape) != 2 or shape[1] != 3 or not 0 < shape[0] <= MAX_PALETTE:
            continue
        colours = file.rows(found, 0, shape[0])
        return colours.astype(np.uint8) if colours.dtype.kind in "ui" else None
    return None


def limits(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    """IMAGE_MINMAXRANGE, where it says something."""
    told = attributes.get("IMAGE_MINMAXRANGE") if is_image(attributes) else None
    if not isinstance(told, np.ndarray) or told.size != 2 or told.dtype.kind not in "iuf":
        return None
    low, high = (float(value) for value in told.reshape(-1))
    return (low, high) if np.isfinite(low) and np.isfinite(high) and low < high else None


def word(value: Any) -> str:
    """An attribute that is text, whichever of HDF5's ways of keeping text it took."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").rstrip("\x00 ")
    return str(value).rstrip("\x00 ") if isinstance(value, str) else ""


def _flag(value: Any) -> bool:
    """1, or the text of the early specification."""
    if isinstance(value, bytes | str):
        return word(value).upper() in ("1", "TRUE")
    return value is not None and np.asarray(value).dtype.kind in "biu" and bool(np.all(np.asarray(value) == 1))
