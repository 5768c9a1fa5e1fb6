"""Images of a dataset to begin with: for its first slide, and in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from ..base.printable import printable
from ..images.pixels import BadImage
from ..images.thumbnail import thumbnail_address
from .dataset import Dataset

MOST = 16
EDGE = 120
"""Pixels, as it is shown."""


def example_pictures(dataset: Dataset, most: int = MOST, edge: int = EDGE) -> tuple[tuple[str, str], ...]:
    """`data:` address and class of one image of each class, of up to `most` classes, drawn by a fixed seed. Images that
    cannot be read any more are left out."""
    return tuple(islice(_pictures(dataset, edge), most))


def _pictures(dataset: Dataset, edge: int) -> Iterator[tuple[str, str]]:
    split = next(iter(dataset.splits))
    for label, name in enumerate(dataset.classes):
        for position in dataset.sample_positions(split, label=label, k=1):
            with suppress(OSError, BadImage):
                data = dataset.read(dataset.row(split, position))
                yield thumbnail_address(data, dataset.values, edge), printable(name)
