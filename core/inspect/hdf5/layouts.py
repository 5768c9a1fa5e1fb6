"""Which axes of an array are height, width, channels and samples.

A layout is a string with a letter an axis, as the array lies in the file: N counts samples, T frames or slices of one
(twice, where both time and depth do), H and W are height and width, C the channels. "NHWC" is what NumPy users write,
"NCHW" PyTorch's order, "NCWH" what MATLAB's H x W x C x N becomes, because HDF5 files of MATLAB have all axes reversed;
"CNHW" one scan or video in several channels, of which each slice or frame is a picture.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...images.bands import MOST_BANDS

CHANNELS = (1, 2, 3, 4)
MOST_SPECTRAL = 256
"""Bands of an imaging spectrometer."""

LEAST = 8
"""Pixels that a side has at least, where nothing but the shape says that an array is an image."""

Shape = tuple[int, ...]


def many(shape: Shape, matlab: bool, frames: bool = False) -> str | None:
    """The layout of an array that holds several images, or None where no axes can be theirs.

    frames: its name says that an axis of few counts slices or frames, which would be taken for bands.
    """
    chosen = {3: _three, 4: _four, 5: _five}.get(len(shape))
    layout = chosen(shape, matlab, frames) if chosen is not None else None
    return layout if layout is not None and _sides(shape, layout) else None


def single(shape: Shape, matlab: bool) -> str | None:
    """The layout of an array that is one image."""
    if len(shape) == 2:
        layout: str | None = "WH" if matlab else "HW"
    elif len(shape) == 3:
        layout = _single_colour(shape, matlab) or (None if matlab else _bands(shape, ("HWC",)))
    else:
        layout = None
    return layout if layout is not None and _sides(shape, layout) else None


def cube(shape: Shape, matlab: bool) -> str | None:
    """The layout of one image of many bands, where its name says that it is that: the shortest axis is the bands'."""
    if len(shape) != 3:
        return None
    order = ("CWH", "WHC") if matlab else ("CHW", "HWC")
    layout = min(order, key=lambda layout: shape[layout.index("C")])
    return layout if _sides(shape, layout) else None


def _bands(shape: Shape, order: tuple[str, ...]) -> str | None:
    """The first layout whose channels are 5 to 16 and fewer than either side has pixels; more only as the last axis
    behind a square, as spectrometers have them (a power of two there is a network's features)."""
    for layout in order:
        height, width, bands = (shape[layout.index(axis)] for axis in "HWC")
        if min(height, width) < LEAST or bands in CHANNELS:
            continue
        few = bands <= MOST_BANDS and bands < min(height, width)
        last = len(shape) > 3 and layout.endswith("HWC") and height == width
        if few or (last and MOST_BANDS < bands <= MOST_SPECTRAL and bands & (bands - 1)):
            return layout
    return None


def _sides(shape: Shape, layout: str) -> bool:
    """Whether height and width are more than a pixel, and nothing is empty."""
    return 0 not in shape and all(length >= 2 for axis, length in zip(layout, shape, strict=True) if axis in "HW")


def _single_colour(shape: Shape, matlab: bool) -> str | None:
    first, _, last = (length in CHANNELS for length in shape)
    if matlab:
        return "CWH" if first else "WHC" if last else None
    if last and first:
        return "HWC" if shape[2] in (1, 3) or shape[0] not in (1, 3) else "CHW"
    return "HWC" if last else "CHW" if first else None


def _three(shape: Shape, matlab: bool, frames: bool) -> str | None:
    """Grey images: the samples' axis is the one that differs, if the other two are equal; else the first."""
    first, middle, last = shape
    samples_last = first == middle != last
    if matlab:
        return "WHN" if samples_last else "NWH"
    return "HWN" if samples_last else "NHW"


def _four(shape: Shape, matlab: bool, frames: bool) -> str | None:
    order = ("NCWH", "CWHN", "WHCN", "NWHC") if matlab else ("NHWC", "NCHW", "HWCN", "CHWN")
    fitting = [layout for layout in order if shape[layout.index("C")] in CHANNELS and _sides(shape, layout)]
    if not fitting:
        banded = None if frames else _bands(shape, order[:2])
        return banded or ("NTWH" if matlab else "NTHW")
    certain = [layout for layout in fitting if shape[layout.index("C")] in (1, 3)]
    chosen = _squarest(certain or fitting, shape)
    return "CNHW" if chosen == "CHWN" and _ratio(shape[2:]) < _ratio(shape[1:3]) else chosen


def _ratio(sides: Shape) -> float:
    """How many times longer than wide."""
    return max(sides) / max(min(sides), 1)


def _squarest(layouts: list[str], shape: Shape) -> str:
    """The first layout, unless only a later one has sides of an image's size."""
    sizeable = [
        layout for layout in layouts if min(shape[layout.index("H")], shape[layout.index("W")]) >= LEAST
    ] or layouts
    return sizeable[0]


def _five(shape: Shape, matlab: bool, frames: bool) -> str | None:
    order = ("NTCWH", "CWHTN") if matlab else ("NTHWC", "NTCHW", "NCTHW")
    certain = next((layout for layout in order if shape[layout.index("C")] in CHANNELS), None)
    return certain or _bands(shape, order[:1] if matlab else order[:2])


def upright(values: np.ndarray, layout: str) -> np.ndarray:
    """One image whose axes are those of `layout` as (H, W) or (H, W, C)."""
    return values.transpose([layout.index(axis) for axis in "HWC" if axis in layout])


def frames(shape: Shape, layout: str) -> Shape:
    """How many frames each sample has, along each axis that counts them."""
    return tuple(length for axis, length in zip(layout, shape, strict=True) if axis == "T")


def frame(values: np.ndarray, layout: str, number: int) -> np.ndarray:
    """One frame of a sample whose axes are `layout` without its N, the first axis of frames counting slowest."""
    numbers = iter(np.unravel_index(number, frames(values.shape, layout)) if "T" in layout else ())
    return values[tuple(_places(layout, numbers))]


def _places(layout: str, numbers: Iterator[np.intp]) -> Iterator[slice | np.intp]:
    for axis in layout:
        yield next(numbers) if axis == "T" else slice(None)


def of_image(layout: str) -> str:
    """The axes of one image, in the order of the file."""
    return "".join(axis for axis in layout if axis in "HWC")


def words(layout: str, shape: Shape, matlab: bool) -> str:
    """The layout as people say it."""
    size = f"{shape[layout.index('H')]} x {shape[layout.index('W')]} pixels (height x width)"
    channels = shape[layout.index("C")] if "C" in layout else 1
    order = f"axes {', '.join(layout)}" + (", reversed as MATLAB does" if matlab else "")
    return f"{size}, {channels} channel{'s' if channels != 1 else ''}, {order}"
