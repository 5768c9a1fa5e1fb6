"""Transform: which part of each image becomes the sample, at which size, flipped or not.

A transform turns an image's height and width, and random numbers of its own, into a `View`; whoever holds the
pixels applies it. Three are known:

- `none`: the image as it is. All images must have one shape.
- `eval224`: the shorter edge resized to 256, the longer one to int(256 * longer / shorter), then the 224 x 224 in
  the middle, from row round((height - 224) / 2) and likewise for columns.
- `train224`: a random rectangle resized to 224 x 224, then mirrored with probability 1/2. Its area is uniform in
  [0.08, 1] of the image's, the logarithm of width : height uniform in [log 3/4, log 4/3], both rounded to whole
  pixels; the first of ten draws that fits is placed uniformly; where none fits, the largest central rectangle within
  those ratios is taken (torchvision's RandomResizedCrop and RandomHorizontalFlip).

Resizing is bilinear with antialiasing, on uint8, as Pillow does it. The random numbers of a sample depend on the seed,
the epoch and its index, on nothing else: the number of workers, the batch size and the loader do not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor, log, sqrt
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..base.contracts import Pixels
from ..base.errors import InputError
from .batch_sampler import BatchSpec, Indices

Draws = npt.NDArray[np.float64]
"""Random numbers in [0, 1)."""

SIDE = 224
RESIZED = 256
TRIES = 10
NUMBERS = 2 * TRIES + 3
"""Random numbers that one `train224` needs at most."""

TRANSFORMS = ("none", "train224", "eval224")


class View(NamedTuple):
    """A part of an image, resampled to `SIDE` x `SIDE`.

    Rows [top, bottom) and columns [left, right) are what may be looked at. The output's row y has its centre at
    row `y_start + (y + 0.5) * y_step` of the image, column x at `x_start + (x + 0.5) * x_step`.
    """

    top: int
    bottom: int
    left: int
    right: int
    y_start: float
    y_step: float
    x_start: float
    x_step: float
    flip: bool


def check_transform(name: str | None) -> str:
    """The transform's name; None means "none". Raises InputError for an unknown one."""
    chosen = "none" if name is None else name
    if chosen not in TRANSFORMS:
        raise InputError(f"unknown transform {name!r}; there are: {', '.join(TRANSFORMS)}")
    return chosen


def eval_view(height: int, width: int) -> View:
    """`eval224` of an image of this size."""
    if width <= height:
        out_width, out_height = RESIZED, RESIZED * height // width
    else:
        out_width, out_height = RESIZED * width // height, RESIZED
    y_step, x_step = height / out_height, width / out_width
    top, left = round((out_height - SIDE) / 2), round((out_width - SIDE) / 2)
    return View(0, height, 0, width, top * y_step, y_step, left * x_step, x_step, False)


def train_view(height: int, width: int, draws: Draws) -> View:
    """`train224` of an image of this size with these `NUMBERS` random numbers."""
    top, left, rows, columns = _random_rectangle(height, width, draws)
    flip = bool(draws[2 * TRIES + 2] < 0.5)
    return View(top, top + rows, left, left + columns, top, rows / SIDE, left, columns / SIDE, flip)


def _random_rectangle(height: int, width: int, draws: Draws) -> tuple[int, int, int, int]:
    low, high = log(3 / 4), log(4 / 3)
    for attempt in range(TRIES):
        area = height * width * (0.08 + 0.92 * draws[2 * attempt])
        ratio = exp(low + (high - low) * draws[2 * attempt + 1])
        columns, rows = floor(sqrt(area * ratio) + 0.5), floor(sqrt(area / ratio) + 0.5)
        if 0 < columns <= width and 0 < rows <= height:
            top = int(draws[2 * TRIES] * (height - rows + 1))
            left = int(draws[2 * TRIES + 1] * (width - columns + 1))
            return top, left, rows, columns
    return _central_rectangle(height, width)


def _central_rectangle(height: int, width: int) -> tuple[int, int, int, int]:
    rows, columns = height, width
    if width < height * 3 / 4:
        rows = max(1, floor(width * 4 / 3 + 0.5))
    elif width > height * 4 / 3:
        columns = max(1, floor(height * 4 / 3 + 0.5))
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def random_numbers(seed: int, epoch: int, indices: Indices, count: int = NUMBERS) -> Draws:
    """`count` numbers in [0, 1) for each index, float64 (n, count): the hash SplitMix64 of seed, epoch and index."""
    start = _mix(_mix(np.full((1, 1), seed, np.uint64)) ^ np.full((1, 1), epoch, np.uint64))
    counter = indices.astype(np.uint64)[:, None] * np.uint64(64) + np.arange(count, dtype=np.uint64)
    return (_mix(np.add(start, counter)) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = state + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return cast("npt.NDArray[np.uint64]", mixed ^ (mixed >> np.uint64(31)))


@dataclass(frozen=True)
class Transform:
    """The named transform on decoded images, with Pillow: the reference for every faster way."""

    name: str
    seed: int

    def __call__(self, images: Sequence[Pixels], spec: BatchSpec) -> Sequence[Pixels]:
        """The images of this batch, uint8 (height, width, 3) each, in; the samples, likewise, out."""
        if self.name == "none":
            return images
        views = self.views(spec, [(image.shape[0], image.shape[1]) for image in images])
        return [apply(view, image) for view, image in zip(views, images, strict=True)]

    def views(self, spec: BatchSpec, sizes: Sequence[tuple[int, int]]) -> list[View]:
        """The view of each sample of this batch, whose images have these heights and widths."""
        if self.name == "eval224":
            return [eval_view(height, width) for height, width in sizes]
        draws = random_numbers(self.seed, spec.epoch, spec.indices)
        return [train_view(height, width, row) for (height, width), row in zip(sizes, draws, strict=True)]


def apply(view: View, pixels: Pixels) -> Pixels:
    """What the view shows of this image, uint8 (SIDE, SIDE, 3)."""
    part = Image.fromarray(pixels[view.top : view.bottom, view.left : view.right])
    x, y = view.x_start - view.left, view.y_start - view.top
    box = (x, y, min(x + SIDE * view.x_step, part.width), min(y + SIDE * view.y_step, part.height))
    shown = np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box))
    return cast("Pixels", shown[:, ::-1] if view.flip else shown)
