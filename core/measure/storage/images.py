"""The images of the experiment, held in memory, so that what is timed is storing them and nothing else."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import cast

import numpy as np
import numpy.typing as npt

from ...base import checksums
from ...base.contracts import Pixels, Row, Shape
from ...base.errors import WorkError
from ...base.events import Event, Pace, Progress
from ...datasets.dataset import Dataset
from ...images.pixels import OriginalImage, resize
from ...images.value_range import DEFAULT, ValueRange

MEMORY_BYTES = 1 << 30
"""Of files and pixels together; a dataset with more than that is drawn from."""


@dataclass(frozen=True)
class SourceImages:
    """Distinct images, drawn by a seed and shuffled; number `i` of an experiment is image `i % len(images)`.

    `data` are the imported files, `pixels` the same images as RGB by the dataset's `values`, `checksums` XXH3-64 of
    those.
    """

    classes: tuple[str, ...]
    data: Sequence[bytes]
    pixels: Sequence[Pixels]
    labels: Sequence[int]
    checksums: Sequence[int]
    values: ValueRange = DEFAULT

    def __len__(self) -> int:
        return len(self.data)

    @property
    def shape(self) -> Shape | None:
        """The shape of all, or None where they differ."""
        shapes = {cast("Shape", pixels.shape) for pixels in self.pixels}
        return shapes.pop() if len(shapes) == 1 else None

    @property
    def pixel_bytes(self) -> int:
        """Of a mean image."""
        return sum(pixels.nbytes for pixels in self.pixels) // len(self)

    def numbers(self, count: int) -> Iterator[int]:
        """Which of them the first `count` images of an experiment are."""
        return (number % len(self) for number in range(count))

    def stacked(self, count: int) -> tuple[Pixels, npt.NDArray[np.int64]]:
        """The first `count` as arrays (count, height, width, 3) and (count,), as a tutorial holds them."""
        chosen = list(self.numbers(count))
        return np.stack([self.pixels[number] for number in chosen]), np.array([self.labels[n] for n in chosen])


def load(dataset: Dataset, split: str, count: int, size: int | None, seed: int) -> Generator[Event, None, SourceImages]:
    """Up to `count` images of a split, as many as fit `MEMORY_BYTES`; resized to size x size where that is given.

    Raises InputError for a split that is not there, WorkError where a file is not what was imported.
    """
    rows = _drawn(dataset, split, min(count, _most(dataset, split, size)), seed)
    data, pixels, pace = [], [], Pace()
    for done, row in enumerate(rows):
        data.append(_read(dataset, row))
        pixels.append(_pixels(data[-1], size, dataset.values))
        if pace.due():
            yield Progress("loading the images into memory", done, len(rows))
    # Class by class, as they lie on the disk, is how they are read fast; but the first ten would all show the same.
    order = random.Random(seed).sample(range(len(rows)), len(rows))
    return SourceImages(
        classes=tuple(dataset.classes),
        data=[data[place] for place in order],
        pixels=[pixels[place] for place in order],
        labels=[rows[place].label for place in order],
        checksums=[checksums.of_bytes(pixels[place]) for place in order],
        values=dataset.values,
    )


def _most(dataset: Dataset, split: str, size: int | None) -> int:
    """How many fit into memory."""
    shapes = dataset.shapes(split)
    images = max(1, sum(shapes.values()))
    mean = size * size * 3 if size else sum(prod(shape) * n for shape, n in shapes.items()) / images
    return max(1, int(MEMORY_BYTES / (mean + dataset.split_bytes().get(split, 0) / images + 1)))


def _drawn(dataset: Dataset, split: str, count: int, seed: int) -> list[Row]:
    """So many rows, drawn by the seed, in order."""
    chosen = set(dataset.sample_positions(split, k=count, seed=seed))
    return [row for row in dataset.rows(split) if row.position in chosen]


def _read(dataset: Dataset, row: Row) -> bytes:
    try:
        data = dataset.read(row)
    except OSError as error:
        raise WorkError(f"{dataset.path(row)} cannot be read ({error.strerror}); import the dataset again") from None
    if len(data) != row.bytes or (row.checksum and checksums.of_bytes(data) != row.checksum):
        raise WorkError(f"{dataset.path(row)} has changed since it was imported; import the dataset again")
    return data


def _pixels(data: bytes, size: int | None, values: ValueRange) -> Pixels:
    pixels = OriginalImage(data, values).pixels
    return resize(pixels, size, size) if size else pixels
