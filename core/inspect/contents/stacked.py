"""Bands that are kept as an array each, under their names: those of one size are the channels of one image."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_NUMBERED = re.compile(r"(?i)(?:.*[^a-z0-9])?(?:band|channel|ch|b)[-_ ]?0*(\d{1,3})(a?)(?:[-_ .]?(?:\d+m|tiff?|npy))?")
_NAMED = re.compile(
    r"(?i)(?:.*[^a-z0-9])?(?:band)?(red|green|blue|nir|swir\d*|vnir|rededge\d*|coastal|cirrus|thermal|pan|vv|vh|hh|hv|r|g|b)"
)
_OTHERS = frozenset(("image", "img", "x", "data", "rgb", "pixels", "frame"))


@dataclass(frozen=True, slots=True)
class Stacked:
    """array: (H, W, C); names: of its channels, "b04" whatever they are called in the file, where they are `called` so;
    left: bands of other sizes."""

    array: np.ndarray[Any, Any]
    names: tuple[str, ...]
    called: tuple[str, ...]
    left: tuple[str, ...]


def stacked(fields: Mapping[str, Any]) -> Stacked | None:
    """The fields that are bands as one image; None where fewer than two are, or one of them is called like an image.

    The bands are those of the size that lies nearest to full resolution: the largest that two or more have, else that
    of the largest. They stand in the order of their numbers.
    """
    planes = {name: np.asarray(plane) for name, plane in fields.items() if _is_plane(plane)}
    bands = {name: found for name in planes if (found := band_name(name)) is not None}
    if len(bands) < 2 or len(set(bands.values())) < len(bands) or any(map(_is_image, fields.items())):
        return None
    sizes = Counter(planes[name].shape for name in bands)
    several = [size for size, count in sizes.items() if count > 1] or list(sizes)
    size = max(several, key=lambda one: one[0] * one[1])
    chosen = sorted((name for name in bands if planes[name].shape == size), key=lambda name: _order(bands[name]))
    left = tuple(name for name in bands if name not in chosen)
    dtype = np.result_type(*(planes[name].dtype for name in chosen))
    array = np.stack([planes[name].astype(dtype) for name in chosen], axis=2)
    return Stacked(array, tuple(bands[name] for name in chosen), tuple(chosen), left)


def band_name(name: str) -> str | None:
    """ "b04" of "B04", "band04", "S2_B4"; "red" of "Red"; None for what is no band's name."""
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        return f"b{int(numbered.group(1)):02d}{numbered.group(2).lower()}"
    named = _NAMED.fullmatch(name)
    return named.group(1).lower() if named is not None else None


def _is_image(field: tuple[str, Any]) -> bool:
    name, value = field
    return name.lower() in _OTHERS and isinstance(value, np.ndarray | bytes | bytearray)


def _is_plane(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "biuf" and min(value.shape) > 3


_FIRST = ("red", "r", "green", "g", "blue", "b")


def _order(band: str) -> tuple[int, str]:
    """Colours first, then what has a number; others as they come."""
    return (_FIRST.index(band), "") if band in _FIRST else (len(_FIRST), band if band[1:3].isdigit() else "")
