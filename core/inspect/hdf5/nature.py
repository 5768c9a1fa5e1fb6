"""Whether numbers look like a picture: neighbours are alike in both directions, beyond what rows and columns share.

A table whose columns are smooth curves (tracks, sensors over time), rows of a spectrum, activations of a network and
letters as zeros and ones have the shapes of pictures. What tells them apart is tested here on a few of the images,
upright, (H, W) or (H, W, C).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import arrays

ALIKE = 0.4
"""Correlation of neighbours from which numbers under a name that says nothing are taken for a picture."""

CROP = 512

SHARED = 1e-4
"""The part of the variance that is left without the means of rows and columns, below which only these vary."""

LONGEST = 8
"""How many times longer than wide a picture is at most, where nothing else says that it is one."""

STRIP = 24
"""The same where its name says that it is a picture."""

LEAST = 8
PROBE = 5
"""Images that are looked at."""

MANY_CHANNELS = 32
"""From so many channels on they may be features of a network; sensors with more bands have bands that are alike."""

ZEROS = 0.25
"""The part of zeros that activations of a network have at least (its negative values are cut off)."""


def doubt(images: Sequence[arrays.Array], certain: bool, sides: tuple[int, int] | None = None) -> str | None:
    """Why these numbers are no pictures, in words; None where they may be.

    `certain`: their name says that they are. `sides`: height and width, where the images are cut.
    """
    if not images:
        return "none of them can be read"
    height, width = sides or images[0].shape[:2]
    rest = images[0].shape[2:]
    channels = rest[0] if rest else 1
    if max(height, width) > (STRIP if certain else LONGEST) * min(height, width) and min(height, width) < CROP // 8:
        return f"{height} x {width} numbers are longer than a picture is"
    if min(height, width) < (2 if certain else LEAST):
        return f"{height} x {width} numbers are too narrow for a picture"
    if channels >= MANY_CHANNELS and are_features(images):
        return f"its {channels} channels have nothing in common, as the features of a network have not"
    if all(is_one_hot(image) for image in images):
        return "its values are zeros and a single one along an axis: letters or classes"
    if (certain and channels in (1, 3)) or looks_like_pictures(images) or all(map(are_eight_bits, images)):
        return None
    return "neighbouring values are not alike as those of a picture are"


def are_eight_bits(image: arrays.Array) -> bool:
    """Whether numbers are 0 to 255 in another form, which nothing but pixels is: divided by 255, moved to -1 to 1,
    times 257; or as they are, where there are channels (H, W, C)."""
    values = image[:CROP, :CROP].astype(np.float64)
    if not np.isfinite(values).all():
        return False
    slack = 0.26 if image.dtype == np.float16 else 0.01  # half floats keep 11 bits
    forms = [values / 257] if image.dtype == np.uint16 else []
    forms += [values * 255, (values + 1) * 127.5] if image.dtype.kind == "f" else []
    forms += [values] if image.ndim == 3 else []
    return any(_are_whole_bytes(form, slack) for form in forms)


def _are_whole_bytes(values: arrays.Array, slack: float) -> bool:
    whole = np.rint(values)
    fits = bool(((whole >= 0) & (whole <= 255)).all()) and float(np.abs(values - whole).max()) <= slack
    return fits and float(whole.max()) > 127 and len(np.unique(whole)) >= LEAST


def looks_like_pictures(images: Sequence[arrays.Array]) -> bool:
    """Whether neighbours are alike in both directions in most of the images; flat ones say nothing."""
    found = [picture_likeness(image if image.ndim == 2 else _liveliest(image)) for image in images]
    told = [value for value in found if value is not None]
    return bool(told) and float(np.median(told)) >= ALIKE


def picture_likeness(image: arrays.Array) -> float | None:
    """The smaller of the correlations of vertical and horizontal neighbours, without what all values of a row or of a
    column share; None where nothing varies. Values (H, W)."""
    values = finite(image)
    spread = float(values.var())
    if spread == 0:
        return None
    centred = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    if float(centred.var()) < SHARED * spread:
        centred = values - values.mean()  # a slope, which is the sum of what rows and columns share
    return min(correlation(centred[1:], centred[:-1]), correlation(centred[:, 1:], centred[:, :-1]))


def is_one_line(rows: arrays.Array, width: int) -> bool:
    """Whether rows of numbers (n, values) are each one smooth line and no picture of this width, whose neighbours are
    alike in the line above as well: of a line, values far apart are ever less alike. float (n, values)."""
    centred = rows - rows.mean(axis=1, keepdims=True)

    def alike(lag: int) -> float:
        return correlation(centred[:, lag:], centred[:, :-lag])

    return alike(max(width // 2, 1)) >= alike(width) - 0.05


def are_features(images: Sequence[arrays.Array]) -> bool:
    """Whether the channels (H, W, C) are unlike their neighbours: activations of a network, not bands of a sensor."""
    image = finite(images[0], None)
    flat = image.reshape(-1, image.shape[2])
    between = correlation(flat[:, 1:] - flat[:, 1:].mean(axis=0), flat[:, :-1] - flat[:, :-1].mean(axis=0))
    zeros = 1 - np.count_nonzero(flat) / flat.size
    if zeros >= ZEROS and between < 0.5:
        return True
    return between < 0.2 and (picture_likeness(_liveliest(image)) or 0.0) < 0.6


def is_one_hot(image: arrays.Array) -> bool:
    """Whether the last axis, or one of a few, is a single 1 among zeros everywhere: letters of a sequence."""
    if image.dtype.kind == "f" and not np.isin(image, (0, 1)).all():
        return False
    if image.size == 0 or int(image.max()) != 1 or int(image.min()) != 0:
        return False
    axes = [axis for axis, length in enumerate(image.shape) if 3 <= length <= 64]
    return any(bool((np.count_nonzero(image, axis=axis) == 1).all()) for axis in axes)


def is_a_map_of_labels(image: arrays.Array) -> bool:
    """Whether whole numbers lie in flat regions: a map of classes or of objects rather than a photograph."""
    if image.ndim != 2 or image.dtype.kind not in "biu" or min(image.shape) < 4:
        return False
    same = float((image[:, 1:] == image[:, :-1]).mean())
    return same > 0.85 and len(np.unique(image[:CROP, :CROP])) <= max(image.size // 50, 8)


def finite(image: arrays.Array, most: int | None = CROP) -> arrays.Array:
    """The first rows and columns as float32; what is no number as zero."""
    cut = image if most is None else image[:most, :most]
    return np.nan_to_num(cut.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)


def _liveliest(image: arrays.Array) -> arrays.Array:
    """The channel of an image (H, W, C) that varies most."""
    values = finite(image)
    place = int(np.argmax(values.reshape(-1, values.shape[2]).var(axis=0)))
    return np.asarray(values[:, :, place])


def correlation(one: arrays.Array, other: arrays.Array) -> float:
    """-1 to 1; 0 where nothing varies."""
    if one.size < 4:
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / scale if scale > 0 and np.isfinite(scale) else 0.0
