"""The built-in source that needs no download: ten shapes, drawn here, as many and as large as asked for."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..base.contracts import Pixels, Skipped
from ..base.events import Event, Message
from ..base.options import option
from ..base.source_contracts import FoundImage, Recognition
from ..processes.cpus import usable_cpus
from ..processes.pool import in_order
from .drawing import SHAPES, draw
from .request import Request
from .spread import cells_in_turn, in_turn, spread

BATCH_PIXELS = 1 << 16
"""Images are drawn together up to this many pixels: quick, and still nothing to memory."""

SPLITS = ("train", "val")


class ShapesBatch(NamedTuple):
    """Images of one class that are drawn together."""

    split: str
    indices: range


@dataclass
class Shapes:
    """Generated PNGs. Image `index` of a split is of class `index % 10` and depends on seed, split and index alone."""

    size: int = option(32, "width and height in pixels", minimum=8, maximum=4096, title="Size (pixels)")
    train: int = option(5000, "training images", minimum=0, title="Training images")
    val: int = option(1000, "validation images", minimum=0, title="Validation images")
    seed: int = option(0, "decides every picture", minimum=0)
    request: Request | None = None

    def prepare(self) -> Iterator[Event]:
        yield Message(f"drawing {sum(self.counts.values()):,} pictures of {self.size} x {self.size} pixels")

    @property
    def recognition(self) -> Recognition:
        return Recognition("shapes", "asked for by name")

    @property
    def classes(self) -> Sequence[str]:
        return sorted(SHAPES)

    @property
    def counts(self) -> Mapping[str, int]:
        """By `train` and `val`; a limit replaces both, five to one."""
        if self.request is not None and self.request.limit is not None:
            val = self.request.limit // 6
            return _without_empty({"train": self.request.limit - val, "val": val})
        return _without_empty({"train": self.train, "val": self.val})

    def images(self) -> Iterator[FoundImage | Skipped]:
        """Drawn by all CPUs, some ahead of whoever asks: NumPy and Pillow let other threads run meanwhile."""
        cpus = usable_cpus()
        batches = [
            batch
            for split, count in self.counts.items()
            for label in range(len(SHAPES))
            for batch in self._batches(split, label, count)
        ]
        with ThreadPoolExecutor(cpus) as pool:
            for found in in_order(pool, cpus, self._found, batches):
                yield from found

    def _batches(self, split: str, label: int, count: int) -> Iterator[ShapesBatch]:
        """The images of a class."""
        batch = max(1, BATCH_PIXELS // self.size**2)
        indices = range(label, count, len(SHAPES))
        for start in range(0, len(indices), batch):
            yield ShapesBatch(split, indices[start : start + batch])

    def _found(self, batch: ShapesBatch) -> list[FoundImage]:
        split, indices = batch
        digits = max(5, len(str(self.counts[split] - 1)))
        name = self.classes[indices[0] % len(SHAPES)]
        return [
            FoundImage(split, name, f"{index:0{digits}}.png", _to_png(pixels), f"{split} #{index}")
            for index, pixels in zip(indices, self.pictures(split, indices), strict=True)
        ]

    def cells(self) -> Mapping[tuple[str, str], int]:
        """Images of each (split, class)."""
        return {
            (split, name): len(range(label, count, len(SHAPES)))
            for split, count in self.counts.items()
            for label, name in enumerate(self.classes)
        }

    def drawn(self, count: int) -> Iterator[FoundImage | Skipped]:
        """The first images of each class of each split in turn."""
        order = spread(cells_in_turn(list(self.counts), self.classes), count)
        cells = [self._of_class(split, self.classes.index(name)) for split, name in order]
        return in_turn(cells, count)

    def total_bytes(self) -> int | None:
        """As those say that are drawn."""
        return None

    def _of_class(self, split: str, label: int) -> Iterator[FoundImage]:
        for batch in self._batches(split, label, self.counts[split]):
            yield from self._found(batch)

    def pictures(self, split: str, indices: Sequence[int]) -> Pixels:
        """Images of one class, whose indices are equal modulo 10: uint8 (len(indices), size, size, 3)."""
        shape = self.classes[indices[0] % len(SHAPES)]
        seeds = ((self.seed, SPLITS.index(split), index) for index in indices)
        return draw(shape, self.size, [np.random.default_rng(seed) for seed in seeds])

    def png(self, split: str, index: int) -> bytes:
        """One image as the file that an import makes of it."""
        return _to_png(self.pictures(split, [index])[0])

    def close(self) -> None:
        """Nothing to remove."""


def _to_png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def _without_empty(counts: Mapping[str, int]) -> dict[str, int]:
    return {split: count for split, count in counts.items() if count}
