"""Which of some named arrays are images, in which order of axes, and which arrays go with them.

The rules are those of the arrays in HDF5 files (`hdf5.layouts`, `hdf5.name_hints`, `hdf5.nature`): what names promise,
shapes, and where these do not tell, whether neighbouring values are alike as those of a picture are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from ..display_range import Array, evenly
from ..hdf5 import layouts, nature
from ..hdf5.candidates import smoothness
from ..hdf5.name_hints import (
    BESIDE,
    IMAGE_WORDS,
    UNLIKELY,
    has,
    label_rank,
    rank,
    split_of,
    surely_images,
    words,
)
from .array import NamedArray

PROBE = 5
"""Images that are looked at."""

SMOOTH = 0.4
LEAST = 8
_FRAMES = frozenset(("video", "videos", "clip", "clips", "frames", "volume", "volumes", "stack"))
_PLURALS = frozenset(("images", "imgs", "pictures", "photos", "frames", "faces", "digits", "patches", "x", "samples"))


@dataclass(frozen=True, slots=True)
class ImageArray:
    """An array of images: `layout` has a letter for each of its axes (`hdf5.layouts`); `flat`: the shape of an image
    and its axes, where the array has rows of pixels."""

    array: NamedArray
    layout: str
    points: int
    flat: tuple[tuple[int, ...], str] | None = None

    @property
    def axis(self) -> int:
        return self.layout.index("N")

    @property
    def count(self) -> int:
        return self.array.shape[self.axis]

    def frames(self, index: int, most: int = 1) -> list[Array]:
        """The first frames of a sample, most often the one image that it is, each (H, W) or (H, W, C).

        Raises ValueError where it cannot be read.
        """
        return self.frames_of(self.array.row(self.axis, index), most)

    def frames_of(self, values: Array, most: int = 1) -> list[Array]:
        """The same of a row of the array, without the axis of samples."""
        if self.flat is not None:
            shape, axes = self.flat
            return [layouts.upright(values.reshape(shape), axes)]
        rest = self.layout.replace("N", "")
        count = min(prod(layouts.frames(values.shape, rest)), most)
        every = (layouts.frame(values, rest, number) for number in range(count))
        return [layouts.upright(frame, layouts.of_image(rest)) for frame in every]

    @property
    def is_one(self) -> bool:
        """Whether each sample is one image."""
        return "T" not in self.layout

    def told(self) -> str:
        """The order of axes, in words."""
        if self.flat is not None:
            shape, axes = self.flat
            return f"each row of {self.array.name} is an image of {' x '.join(map(str, shape))} ({', '.join(axes)})"
        return f"{self.array.name} holds images, {layouts.words(self.layout, self.array.shape, False)}"


@dataclass(slots=True)
class ArrayGroup:
    """Arrays that tell of the same samples: `images`, the likeliest first; `columns`: the others, by the axis that
    counts the samples; `label`: the one of them that has the labels; `name`: what its samples are called by, "" for the
    name of the first array."""

    count: int
    split: str | None
    images: list[ImageArray] = field(default_factory=list)
    columns: dict[str, tuple[NamedArray, int]] = field(default_factory=dict)
    label: str | None = None
    name: str = ""

    @property
    def called(self) -> str:
        return self.name or (self.images[0].array.name if self.images else next(iter(self.columns)))

    @property
    def names(self) -> list[str]:
        """Of its arrays."""
        return [*(one.array.name for one in self.images), *self.columns]


def groups_of(arrays: Sequence[NamedArray], doubts: dict[str, str]) -> list[ArrayGroup]:
    """The groups that have images, in the order of the file; `doubts` takes why others are none.

    Where no array is one of images, those with labels beside rows of numbers.
    """
    numbers = [array for array in arrays if array.is_numbers and 0 not in array.shape]
    found = [one for array in numbers if (one := images_in(array, numbers, doubts)) is not None]
    best = max((one.points for one in found if not has(one.array.name, BESIDE)), default=None)
    found = [one for one in found if best is None or one.points >= min(best, 3) - 2]
    groups: dict[tuple[str, str | None, int], ArrayGroup] = {}
    for one in sorted(found, key=_merit, reverse=True):
        group = groups.setdefault(_place(one.array, one.count), ArrayGroup(one.count, split_of(one.array.name)))
        group.images.append(one)
    if not groups:
        groups = _of_rows(numbers)
    order = {array.name: place for place, array in enumerate(arrays)}
    made = sorted(groups.items(), key=lambda item: _first_place(item[1], order))
    for key, group in made:
        _add_columns(group, key, arrays)
    return [group for _, group in made if group.images or group.label is not None]


def _place(array: NamedArray, count: int) -> tuple[str, str | None, int]:
    return array.name.rpartition("/")[0], split_of(array.name), count


def _first_place(group: ArrayGroup, order: dict[str, int]) -> int:
    names = [one.array.name for one in group.images] or list(group.columns)
    return min((order[name] for name in names), default=len(order))


def _of_rows(numbers: Sequence[NamedArray]) -> dict[tuple[str, str | None, int], ArrayGroup]:
    """Groups of rows of numbers with labels."""
    groups: dict[tuple[str, str | None, int], ArrayGroup] = {}
    for array in numbers:
        if len(array.shape) == 2 and min(array.shape) > 1 and not label_rank(array.name):
            for count in array.shape:
                groups.setdefault(_place(array, count), ArrayGroup(count, split_of(array.name)))
    return groups


def _add_columns(group: ArrayGroup, key: tuple[str, str | None, int], arrays: Sequence[NamedArray]) -> None:
    taken = {one.array.name for one in group.images}
    for array in arrays:
        axis = _axis_of(array, group.count)
        same = key[:2] == (array.name.rpartition("/")[0], split_of(array.name))
        if axis is not None and array.name not in taken and same:
            group.columns[array.name] = array, axis
    ranked = sorted(group.columns, key=lambda name: (label_rank(name), "fine" in name), reverse=True)
    narrow = [name for name in ranked if label_rank(name) and _is_narrow(*group.columns[name])]
    group.label = narrow[0] if narrow else None


def _axis_of(array: NamedArray, count: int) -> int | None:
    """The axis that counts the samples: the first or the last one of this length."""
    if not array.shape or count < 2:
        return None
    last = len(array.shape) - 1
    return 0 if array.shape[0] == count else last if array.shape[last] == count else None


def _is_narrow(array: NamedArray, axis: int) -> bool:
    """One number or text each, or a row that may be one-hot."""
    width = array.size // max(array.shape[axis], 1)
    return array.dtype.kind in "biufSU" and (width == 1 or (len(array.shape) == 2 and width <= 1_000))


def _merit(one: ImageArray) -> tuple[bool, int, int, int]:
    name = one.array.name
    return not has(name, BESIDE), rank(name, IMAGE_WORDS), one.points, one.array.size // max(one.count, 1)


# ---------------------------------------------------------------- one array


def images_in(array: NamedArray, all_of_them: Sequence[NamedArray], doubts: dict[str, str]) -> ImageArray | None:
    """The array as images, or None with the reason in `doubts`, where its shape is one of images."""
    if len(array.shape) == 2:
        return _flat(array, all_of_them)
    if not 3 <= len(array.shape) <= 5 or (is_single(array) and not _is_several(array, all_of_them)):
        return None
    layout = layouts.many(array.shape, False, not _FRAMES.isdisjoint(words(array.name)))
    if layout is None or "N" not in layout:
        return None
    one = ImageArray(array, layout, _points(array, layout))
    doubt = _doubt(one)
    if doubt is not None:
        doubts[array.name] = doubt
    return one if doubt is None else None


def is_single(array: NamedArray) -> bool:
    """Whether its shape is that of one image in colour."""
    shape = layouts.single(array.shape, False) if len(array.shape) == 3 else None
    return shape is not None and "C" in shape


def _is_several(array: NamedArray, all_of_them: Sequence[NamedArray]) -> bool:
    """Whether three axes that may be one image in colour count samples: labels of as many, or a plural name."""
    count = array.shape[0]
    labelled = any(other.size == count and count in other.shape and label_rank(other.name) for other in all_of_them)
    return labelled or (not _PLURALS.isdisjoint(words(array.name)) and array.shape[-1] not in (3, 4))


def _points(array: NamedArray, layout: str) -> int:
    """What speaks for images, added up."""
    height, width = array.shape[layout.index("H")], array.shape[layout.index("W")]
    channels = array.shape[layout.index("C")] if "C" in layout else 1
    points = min(rank(array.name, IMAGE_WORDS), 2) + (rank(array.name, IMAGE_WORDS[:10]) > 0)
    points += 3 if array.dtype == np.uint8 else 1 if array.dtype.kind == "b" or array.dtype == np.uint16 else 0
    points += (min(height, width) >= LEAST) + (height == width) + (channels == 3)
    points -= 5 * has(array.name, UNLIKELY) + 2 * has(array.name, BESIDE)
    return points - (4 if min(height, width) < LEAST and not surely_images(array.name) else 0)


def _doubt(one: ImageArray) -> str | None:
    """Why an array of the shape of images holds none."""
    images = first_images(one, PROBE)
    array = one.array
    if array.dtype.kind != "b" and array.dtype != np.uint8:
        return nature.doubt(images, surely_images(array.name))
    if images and all(nature.is_one_hot(image) for image in images):
        return "its values are zeros and a single one along an axis: letters or classes"
    return None if one.points >= 3 or _smooth(images) >= SMOOTH else "neighbouring values are not alike"


def first_images(one: ImageArray, count: int) -> list[Array]:
    """A few of them, spread evenly over those that are reached soon; none where they cannot be read."""
    found: list[Array] = []
    for index in evenly(one.array.near(one.axis), count):
        try:
            found += one.frames(index)
        except ValueError:
            break
    return found


def _smooth(images: Sequence[Array]) -> float:
    found = [smoothness(image if image.ndim == 2 else image[:, :, 0]) for image in images]
    return float(np.mean(found)) if found else 0.0


def _flat(array: NamedArray, all_of_them: Sequence[NamedArray]) -> ImageArray | None:
    """Rows of pixels, one after the other, of square images; the axis of the samples is the one that labels have."""
    if has(array.name, UNLIKELY) or label_rank(array.name):
        return None
    for axis in _axes(array, all_of_them):
        ways = _ways(array.shape[1 - axis])
        layout = "NX" if axis == 0 else "XN"
        made = [ImageArray(array, layout, 3 if array.dtype == np.uint8 else 1, way) for way in ways]
        scored = [(_smooth(first_images(one, PROBE)), place, one) for place, one in enumerate(made)]
        best = max(scored, default=None, key=lambda item: (item[0], -item[1]))
        if best is not None and best[0] >= SMOOTH and not _are_lines(best[2]):
            return best[2]
    return None


def _axes(array: NamedArray, all_of_them: Sequence[NamedArray]) -> list[int]:
    counts = {other.size for other in all_of_them if label_rank(other.name) and other.size == max(other.shape)}
    told = [axis for axis in (0, 1) if array.shape[axis] in counts]
    return told or [0]


def _are_lines(one: ImageArray) -> bool:
    """Whether each row is one smooth line (a spectrum, a signal), which is smooth at any width."""
    images = [nature.finite(image, None) for image in first_images(one, PROBE)]
    planes = np.stack([image if image.ndim == 2 else image[:, :, 0] for image in images])
    return nature.is_one_line(planes.reshape(len(planes), -1), planes.shape[2])


def _ways(count: int) -> list[tuple[tuple[int, ...], str]]:
    """The square images that have this many values: (shape, its axes)."""
    ways: list[tuple[tuple[int, ...], str]] = []
    for channels in (1, 3):
        side = round((count / channels) ** 0.5)
        if side < LEAST or side * side * channels != count:
            continue
        if channels == 1:
            ways.append(((side, side), "HW"))
        else:
            ways += [((3, side, side), "CHW"), ((side, side, 3), "HWC")]
    return ways
