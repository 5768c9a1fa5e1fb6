"""Images of a dataset for its first slide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from ...base.printable import printable
from ...datasets.dataset import Dataset
from ...images.pixels import BadImage
from ...images.thumbnail import thumbnail_address

MOST = 16
EDGE = 120
"""Pixels on the slide."""


def example_pictures(dataset: Dataset, most: int = MOST) -> tuple[tuple[str, str], ...]:
    """`data:` address and class of one image of each class, of up to `most` classes, drawn by a fixed seed. Images that
    cannot be read any more are left out."""
    return tuple(islice(_pictures(dataset), most))


def _pictures(dataset: Dataset) -> Iterator[tuple[str, str]]:
    split = next(iter(dataset.splits))
    for label, name in enumerate(dataset.classes):
        for position in dataset.sample_positions(split, label=label, k=1):
            with suppress(OSError, BadImage):
                data = dataset.read(dataset.row(split, position))
                yield thumbnail_address(data, dataset.values, EDGE), printable(name)
