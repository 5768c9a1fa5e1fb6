"""HDF5: an image a file, or all of them in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ....base.contracts import Pixels, Shape, Sizes
from ....formats.hdf5.format import Hdf5Format
from ..images import SourceImages
from ..methods import READ_MANY, READ_ONE, READ_ONE_RANDOM, WRITE_MANY, WRITE_ONE, Batch, WriteStep
from .shared import STEP, Tutorial, parts_of, sizes_of

BIG_ENDIAN_BYTE = h5py.h5t.STD_U8BE

LARGEST_LABEL = 255
"""A label is one byte."""


@dataclass(frozen=True)
class Hdf5Files(Tutorial):
    """One: an image a file. Many: datasets `images` and `meta` in one file, read as a whole."""

    format = "hdf5"
    includes = "files and datasets; opening, reading, conversion"

    def why_not(self, shapes: Sequence[Shape], classes: int) -> str:
        if len(shapes) != 1:
            return "the tutorial keeps all images in one HDF5 dataset, so they must be of one shape: give a size"
        if classes > LARGEST_LABEL + 1:
            return f"the tutorial keeps labels in one byte: {classes:,} classes do not fit"
        return ""

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]:
        return {WRITE_ONE: (READ_ONE, READ_ONE_RANDOM), WRITE_MANY: (READ_MANY,)}

    def write(self, layout: str, folder: Path, images: SourceImages, count: int) -> Iterator[WriteStep]:
        if layout == WRITE_ONE:
            return self._write_files(folder, images, count)
        return self._write_file(folder / "images.h5", *images.stacked(count))

    def _write_files(self, folder: Path, images: SourceImages, count: int) -> Iterator[WriteStep]:
        for done, number in enumerate(images.numbers(count)):
            image, label = images.pixels[number], images.labels[number]
            with h5py.File(folder / f"{done}.h5", "w") as file:
                file.create_dataset("image", np.shape(image), BIG_ENDIAN_BYTE, data=image)
                file.create_dataset("meta", np.shape(label), BIG_ENDIAN_BYTE, data=label)
            if done % STEP == STEP - 1:
                yield WriteStep(done + 1)
        yield WriteStep(count)

    def _write_file(self, path: Path, images: Pixels, labels: Any) -> Iterator[WriteStep]:
        with h5py.File(path, "w") as file:
            file.create_dataset("images", np.shape(images), BIG_ENDIAN_BYTE, data=images)
            file.create_dataset("meta", np.shape(labels), BIG_ENDIAN_BYTE, data=labels)
        yield WriteStep(len(images))

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        if operation == READ_MANY:
            return self._read_file(folder / "images.h5")
        return self._read_files(folder, indices)

    def _read_files(self, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        for part in parts_of(indices):
            found = []
            for index in part:
                with h5py.File(folder / f"{index}.h5", "r+") as file:
                    image = np.array(file["/image"]).astype("uint8")
                    found.append((image, int(np.array(file["/meta"]).astype("uint8"))))
            yield found

    def _read_file(self, path: Path) -> Iterator[Batch]:
        with h5py.File(path, "r+") as file:
            images = np.array(file["/images"]).astype("uint8")
            labels = np.array(file["/meta"]).astype("uint8")
        yield zip(images, labels.tolist(), strict=True)

    def sizes(self, folder: Path, images: SourceImages, count: int) -> Sizes:
        one_file = folder / "images.h5"
        used = Hdf5Format().used_bytes(one_file) if one_file.exists() else None
        return sizes_of(folder, sum(images.pixels[number].nbytes + 1 for number in images.numbers(count)), used)
