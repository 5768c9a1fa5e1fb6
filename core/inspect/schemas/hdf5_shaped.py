"""HDF5 files of flat images with the shape of each beside: rows of one length or of varying ones, or a dataset each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import h5py
import numpy as np

from .. import arrays
from ..displays import Displays
from ..hdf5 import nature
from ..hdf5.facts import Facts, facts_of, look
from ..hdf5.file import Hdf5File
from ..hdf5.group_labels import labels_of
from ..hdf5.name_hints import natural
from ..hdf5.rows import Rows
from ..hdf5.runs import Column, Extent, Run, Runs
from ..hdf5.sidecar_labels import find_labels
from ..hdf5.spec import word
from ..records import Record
from .hdf5_groups import DatasetsRun

SHAPES = ("shape", "shapes", "image_shape", "image_shapes", "img_shape", "original_shape", "orig_shape", "dims")
SIDES = (("height", "width", "channels"), ("h", "w", "c"), ("rows", "cols", "channels"))
DTYPES = ("dtype", "image_dtype", "data_type")
PROBE = 8
MOST_DATASETS = 64
"""Datasets that are looked at; those of a kind are alike."""

Shape = tuple[int, ...]


def image_of(values: arrays.Array, shape: Shape, dtype: np.dtype[Any] | None) -> arrays.Array:
    """The image (H, W, C) of flat values. Raises ValueError where they are not as many as the shape says."""
    if dtype is not None and dtype != values.dtype and values.dtype.itemsize == 1:
        values = np.frombuffer(values.tobytes(), dtype, values.nbytes // dtype.itemsize)
    count = prod(shape)
    if values.size < count or (values.size > count and np.any(values[count:])):
        raise ValueError(f"{values.size:,} values are not an image of {' x '.join(map(str, shape))}")
    return arrays.channels_last(values[:count].reshape(shape))


class ShapedRun(Run):
    """The rows of one dataset; `shape_of` tells the shape of each, `dtype` what their bytes are."""

    def __init__(
        self, facts: Facts, shape_of: Callable[[int], Shape], dtype: np.dtype[Any] | None, labels: Column | None
    ) -> None:
        super().__init__(facts.name, facts.shape[0], labels)
        self._rows = Rows(facts)
        self._shape_of = shape_of
        self._dtype = dtype
        self._displays = Displays.spread(len(self), self.image)

    def image(self, index: int) -> arrays.Array:
        """Raises ValueError where the row is no image of its shape."""
        return image_of(np.asarray(self._rows[index]).reshape(-1), self._shape_of(index), self._dtype)

    def extent(self, index: int) -> Extent:
        return Extent(self._rows.facts, index, index + 1)

    def read(self, index: int) -> Record:
        facts = self._rows.facts
        stored = np.asarray(self._rows[index]).nbytes if facts.dtype.hasobject else self._rows.stored_bytes()
        return _drawn(self.key(index), self.label(index), self.image(index), self._displays, facts, stored)


class ShapedDatasets(DatasetsRun):
    """Datasets that are one flat image each."""

    def __init__(self, file: Hdf5File, names: Sequence[str]) -> None:
        super().__init__(file, names, labels_of(file, None, names)[0])
        self._displays = Displays.spread(len(names), lambda index: self._image(*self._values(index)))

    def _image(self, facts: Facts, values: Any) -> arrays.Array:
        shape = stated(facts)
        if shape is None:
            raise ValueError(f"nothing says the shape of /{facts.name}")
        return image_of(np.asarray(values).reshape(-1), shape, stated_dtype(facts))

    def read(self, index: int) -> Record:
        facts, values = self._values(index)
        stored = int(facts.dataset.id.get_storage_size())
        image = self._image(facts, values)
        return _drawn(self.key(index), self._label_or_none(index), image, self._displays, facts, stored)


def _drawn(key: str, label: Any, image: arrays.Array, displays: Displays, facts: Facts, stored: int) -> Record:
    drawn = displays.draw(image, facts.file.choice)
    return Record(
        key, label, "raw", arrays.flat(image), drawn.pixels, image.shape, str(image.dtype), stored, notes=drawn.notes,
        display=drawn.to_json(), array=drawn.numbers,
    )  # fmt: skip


class ShapedImages(Runs):
    """Flat images and their shapes."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> ShapedImages | None:
        looked = look(file)
        runs: list[Run] = []
        for facts in looked:
            run = _run(facts, looked)
            if run is not None:
                runs.append(run)
        if runs:
            return cls(f"{', '.join(run.name for run in runs[:4])} holds flat images, whose shapes lie beside", runs)
        names = _datasets(looked)
        if not names:
            return None
        return cls(f"{names[0]} is a flat image, whose shape lies beside; {len(names):,} are like it",
                   [ShapedDatasets(file, names)])  # fmt: skip


def _run(facts: Facts, looked: Sequence[Facts]) -> ShapedRun | None:
    """A run of rows whose first ones have as many values as the shapes say."""
    inner = h5py.check_vlen_dtype(facts.dtype)
    varying = len(facts.shape) == 1 and inner is not None and np.dtype(inner).kind in "biuf"
    if not facts.shape or facts.shape[0] == 0 or not (varying or (len(facts.shape) == 2 and facts.is_numbers)):
        return None
    dtype = stated_dtype(facts)
    for shape_of in _ways(facts):
        run = ShapedRun(facts, shape_of, dtype, None)
        try:
            images = [run.image(place) for place in range(min(len(run), PROBE))]
        except (ValueError, TypeError):
            continue
        if not _are_pictures(images):
            continue
        others = [other for other in looked if other.leaf != facts.leaf and not _is_shape(other.leaf, facts.leaf)]
        run.labels = find_labels(facts.file, others, facts, facts.shape[0])
        return run
    return None


def _ways(facts: Facts) -> list[Callable[[int], Shape]]:
    """A table of a shape for each row; one shape for all."""
    found: list[Callable[[int], Shape]] = []
    for name in _names_beside(facts):
        table = facts_of(facts.file, name) if name in facts.file.datasets else None
        if table is None or table.dtype.kind not in "iu" or len(table.shape) != 2:
            continue
        if table.shape[0] == facts.shape[0] and 2 <= table.shape[1] <= 3:
            rows = Rows(table)
            found.append(lambda index, rows=rows: _whole(rows[index]))  # type: ignore[misc]
    shape = stated(facts)
    return [*found, lambda _: shape] if shape is not None else found


def _whole(values: Any) -> Shape:
    """Raises ValueError for sides that are none."""
    shape = tuple(int(value) for value in np.asarray(values).reshape(-1))
    if any(not 0 < length < 1 << 24 for length in shape):
        raise ValueError(f"{shape} is the shape of no image")
    return shape


def stated(facts: Facts) -> Shape | None:
    """The shape of the images, by attributes of the dataset or a few numbers beside it; without their count."""
    for value in _stated_values(facts):
        numbers = np.asarray(value)
        if numbers.dtype.kind in "iu" and 2 <= numbers.size <= 4:
            try:
                shape = _whole(numbers)
            except ValueError:
                continue
            shape = shape[1:] if len(facts.shape) == 2 and len(shape) > 2 and shape[0] == facts.shape[0] else shape
            if len(shape) <= 3:
                return shape
    return _sides(facts)


def _stated_values(facts: Facts) -> list[Any]:
    found = [facts.attributes[name] for name in SHAPES if name in facts.attributes]
    for name in _names_beside(facts):
        other = facts_of(facts.file, name) if name in facts.file.datasets else None
        if other is not None and len(other.shape) == 1 and other.shape[0] <= 4 and other.dtype.kind in "iu":
            found.append(facts.file.rows(other.dataset, 0, other.shape[0]))
    return found


def _sides(facts: Facts) -> Shape | None:
    """Height, width and perhaps channels, each an attribute."""
    lowered = {name.lower(): value for name, value in facts.attributes.items()}
    for names in SIDES:
        sides = [lowered[name] for name in names if name in lowered]
        if names[0] in lowered and names[1] in lowered and all(np.asarray(side).dtype.kind in "iu" for side in sides):
            return tuple(int(np.asarray(side).reshape(-1)[0]) for side in sides)
    return None


def _names_beside(facts: Facts) -> list[str]:
    """Datasets that may hold the shape: NAME_shape in the same group, or just shape."""
    group = f"{facts.group}/" if facts.group else ""
    named = [f"{group}{facts.leaf}_{ending}" for ending in ("shape", "shapes", "size", "sizes", "dims")]
    return [*named, *(f"{group}{name}" for name in SHAPES)]


def _is_shape(leaf: str, images: str) -> bool:
    return leaf in SHAPES or leaf.startswith(f"{images}_")


def stated_dtype(facts: Facts) -> np.dtype[Any] | None:
    """The type of the values where they lie as bytes, by an attribute."""
    for name in DTYPES:
        text = word(facts.attributes.get(name))
        if text:
            try:
                found = np.dtype(text)
            except TypeError:
                continue
            return found if found.kind in "biuf" else None
    return None


def _datasets(looked: Sequence[Facts]) -> list[str]:
    """The flat datasets whose shapes lie beside, if most that have one are as long as it says."""
    names = [facts.name for facts in looked if _may_be_flat(facts)]
    told = [facts for facts in looked if facts.name in set(names[:MOST_DATASETS])]
    if not told or not all(map(_fits, told)):
        return []
    values = (facts.file.rows(facts.dataset, 0, facts.shape[0]) for facts in told[:PROBE])
    images = [
        image_of(flat, stated(facts) or (), stated_dtype(facts)) for flat, facts in zip(values, told, strict=False)
    ]
    return sorted(names, key=natural) if _are_pictures(images) else []


def _are_pictures(images: Sequence[arrays.Array]) -> bool:
    """Numbers other than bytes may be anything that has a shape: weights, tables."""
    return images[0].dtype == np.uint8 or nature.doubt(images, False) is None


def _may_be_flat(facts: Facts) -> bool:
    return len(facts.shape) == 1 and facts.is_numbers and facts.shape[0] >= 64 and stated(facts) is not None


def _fits(facts: Facts) -> bool:
    shape, dtype = stated(facts), stated_dtype(facts)
    width = dtype.itemsize if dtype is not None and facts.dtype.itemsize == 1 else 1
    return shape is not None and prod(shape) * width == facts.shape[0] and len(shape) >= 2
