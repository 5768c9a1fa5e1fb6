"""An image as a PNG file, its label in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ....base.contracts import Sizes
from ..images import SourceImages
from ..methods import READ_MANY, READ_MANY_RANDOM, READ_ONE, READ_ONE_RANDOM, WRITE_MANY, WRITE_ONE, Batch, WriteStep
from .shared import STEP, Tutorial, parts_of, sizes_of


@dataclass(frozen=True)
class PngAndCsv(Tutorial):
    """One: an image and a CSV of its label, each a file. Many: images as files, all labels in <number>.csv."""

    format = "disk"
    includes = "PNG encoding, files, CSV; opening, decoding, CSV"

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]:
        return {WRITE_ONE: (READ_ONE, READ_ONE_RANDOM), WRITE_MANY: (READ_MANY, READ_MANY_RANDOM)}

    def write(self, layout: str, folder: Path, images: SourceImages, count: int) -> Iterator[WriteStep]:
        for done, number in enumerate(images.numbers(count)):
            Image.fromarray(images.pixels[number]).save(folder / f"{done}.png")
            if layout == WRITE_ONE:
                _write_labels(folder / f"{done}.csv", [images.labels[number]])
            if done % STEP == STEP - 1:
                yield WriteStep(done + 1)
        if layout == WRITE_MANY:
            _write_labels(folder / f"{count}.csv", [images.labels[number] for number in images.numbers(count)])
        yield WriteStep(count)

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        many = operation in (READ_MANY, READ_MANY_RANDOM)
        labels = _read_labels(folder / f"{len(indices)}.csv") if many else []
        for part in parts_of(indices):
            yield [
                (
                    np.array(Image.open(folder / f"{index}.png")),
                    labels[index] if many else _read_labels(folder / f"{index}.csv")[0],
                )
                for index in part
            ]

    def sizes(self, folder: Path, images: SourceImages, count: int) -> Sizes:
        pictures = sum(path.stat().st_size for path in folder.glob("*.png"))
        return sizes_of(folder, pictures, used=None)


def _write_labels(path: Path, labels: Sequence[int]) -> None:
    with path.open("w") as file:
        writer = csv.writer(file, delimiter=" ", quotechar="|", quoting=csv.QUOTE_MINIMAL)
        writer.writerows([label] for label in labels)


def _read_labels(path: Path) -> list[int]:
    with path.open("r") as file:
        return [int(row[0]) for row in csv.reader(file, delimiter=" ", quotechar="|", quoting=csv.QUOTE_MINIMAL)]
