"""HDF5 files whose entries are references: MATLAB's cell arrays, lists of objects, regions of a larger image."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import h5py
import numpy as np

from .. import arrays
from ..display_range import evenly
from ..hdf5 import layouts as hdf5_layouts
from ..hdf5.alike import Looks
from ..hdf5.facts import Facts, look
from ..hdf5.families import image_layout, is_image
from ..hdf5.file import Hdf5File
from ..hdf5.guard import MAX_READ
from ..hdf5.name_hints import IMAGE_WORDS, natural
from ..hdf5.pixels import SAMPLED
from ..hdf5.rows import Rows
from ..hdf5.runs import Column, Extent, Run, Runs
from ..hdf5.sidecar_labels import find_labels
from ..hdf5.texts import text_of
from ..hdf5.values import bytes_of, is_bytes, record_of_bytes, record_of_pixels, record_of_values
from ..hdf5.walk import TROUBLE
from ..records import Label, Record

PROBE = 6
MAX_BOXES = 1_000


class ReferenceRun(Run):
    """What the references of one dataset lead to, in their order."""

    def __init__(self, facts: Facts, labels: Column | None = None) -> None:
        super().__init__(facts.name, prod(facts.shape), labels)
        self.facts = facts
        self._axis = facts.shape.index(max(facts.shape))
        self._rows = Rows(facts, self._axis)
        self._looks = Looks(lambda _: self._some_targets())

    def _some_targets(self) -> Iterator[Facts]:
        """What some of the references lead to, spread over all."""
        for place in evenly(len(self), SAMPLED):
            target = self.target(place)
            if target is not None and target.shape:
                yield target

    def reference(self, index: int) -> Any:
        """Row by row along the longest axis, then along the others."""
        row, place = divmod(index, len(self) // self.facts.shape[self._axis])
        return np.asarray(self._rows[row]).reshape(-1)[place]

    def extent(self, index: int) -> Extent | None:
        """All of the dataset that a reference leads to; of a region nothing is told."""
        target = self.target(index)
        if target is None or isinstance(self.reference(index), h5py.RegionReference):
            return None
        return Extent(target, 0, target.shape[0] if target.shape else 1)

    def read(self, index: int) -> Record:
        """Raises ValueError where the reference leads to nothing."""
        values, found = self._values(self.reference(index))
        key, label = self.key(index), self.label(index)
        layout = hdf5_layouts.single(values.shape, found.matlab) if found.is_numbers else None
        if layout is not None and image_layout(found) is not None:
            layout = image_layout(found) if values.shape == found.shape else layout
        if layout is not None:
            looked = self._looks.look(found, layout)
            return record_of_pixels(key, label, values, looked, values.nbytes)
        value = values.reshape(-1)[0] if values.size == 1 else values
        if is_bytes(value):
            return record_of_bytes(key, label, bytes_of(value), values.nbytes)
        return record_of_values(key, label, values, values.nbytes)

    def _values(self, reference: Any) -> tuple[arrays.Array, Facts]:
        """(values, the dataset they lie in). Raises ValueError."""
        file = self.facts.file
        found = file.dereferenced(reference)
        if not isinstance(found, h5py.Dataset) or found.shape is None:
            raise ValueError("the reference leads to no dataset")
        facts = anonymous(file, found)
        if isinstance(reference, h5py.RegionReference):
            return _region(file, found, reference), facts
        return file.rows(found, 0, int(found.shape[0]) if found.shape else 1), facts

    def target(self, index: int) -> Facts | None:
        """The dataset that a reference leads to; None for one that leads nowhere."""
        try:
            found = self.facts.file.dereferenced(self.reference(index))
            return anonymous(self.facts.file, found) if isinstance(found, h5py.Dataset) else None
        except (ValueError, *TROUBLE):
            return None


def anonymous(file: Hdf5File, dataset: h5py.Dataset) -> Facts:
    """The facts of a dataset that was reached by a reference; it may have no name in the tree."""
    return Facts(file, str(dataset.name or "").lstrip("/"), tuple(map(int, dataset.shape or ())), dataset.dtype)


def _region(file: Hdf5File, dataset: h5py.Dataset, reference: Any) -> arrays.Array:
    """The values of a region, without axes of length 1 before the last two. Raises ValueError."""
    problem = file.refusal(dataset)
    shape = tuple(map(int, dataset.regionref.selection(reference)))
    if problem is not None or prod(shape) * dataset.dtype.itemsize > MAX_READ:
        raise ValueError(problem or f"the region of {dataset.name} is larger than {MAX_READ >> 20} MiB")
    values = np.asarray(dataset[reference]).reshape(shape)
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    return values


class ReferencedImages(Runs):
    """Datasets of references that lead to images."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> ReferencedImages | None:
        looked = look(file)
        found = [facts for facts in looked if _is_references(facts) and _lead_to_images(ReferenceRun(facts))]
        if not found:
            return None
        best = max(facts.rank(IMAGE_WORDS) for facts in found)
        found = [facts for facts in found if facts.split is not None or facts.rank(IMAGE_WORDS) == best]
        taken = [facts.name for facts in found]
        runs = [ReferenceRun(facts, find_labels(file, looked, facts, prod(facts.shape), taken)) for facts in found]
        labels = runs[0].labels
        why = f"the references in {', '.join(taken[:4])} lead to images"
        return cls(why + (f"; {labels.told()}" if labels is not None else ""), runs)


def _is_references(facts: Facts) -> bool:
    return h5py.check_ref_dtype(facts.dtype) is not None and prod(facts.shape) > 0 and len(facts.shape) <= 2


def _lead_to_images(run: ReferenceRun) -> bool:
    places = range(min(len(run), PROBE))
    told = 0
    for place in places:
        target = run.target(place)
        region = target is not None and isinstance(run.reference(place), h5py.RegionReference)
        told += is_image(target) or (region and target is not None and target.is_numbers and len(target.shape) > 1)
    return told > 0 and 2 * told >= len(places)


class DigitStruct(Runs):
    """The boxes of SVHN: a group of references, `name` to the names of image files and `bbox` to groups of numbers."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> DigitStruct | None:
        known = {facts.name: facts for facts in look(file) if _is_references(facts)}
        for name, facts in known.items():
            group, _, leaf = name.rpartition("/")
            boxes = known.get(f"{group}/bbox")
            if leaf == "name" and boxes is not None:
                why = f"{group} is MATLAB's array of structures, with name and bbox for each image file"
                return cls(why, [BoxesRun(facts, boxes)])
        return None


class BoxesRun(Run):
    """One image file's name and the boxes in it."""

    def __init__(self, names: Facts, boxes: Facts) -> None:
        super().__init__(names.group, min(prod(names.shape), prod(boxes.shape)))
        self._file = names.file
        self._names = ReferenceRun(names)
        self._boxes = ReferenceRun(boxes)

    def label(self, index: int) -> Label:
        """The digits as they are read, where the boxes have labels; SVHN writes 0 as 10."""
        labels = self._fields(index).get("label")
        return "".join(str(int(value) % 10) for value in labels) if labels else None

    def read(self, index: int) -> Record:
        fields = self._fields(index)
        name = text_of(self._file, self._names.reference(index)) or "(no name)"
        lines = [f"{field}: {', '.join(f'{value:g}' for value in values)}" for field, values in sorted(fields.items())]
        text = "\n".join([name, *lines])
        picture = self._picture(name)
        if picture is None:
            return Record(self.key(index), self.label(index), "structure", text.encode(), text=text)
        record = record_of_bytes(self.key(index), self.label(index), picture, None)
        return Record(
            record.key, record.label, record.encoding, picture, record.pixels, record.shape, problem=record.problem,
            text=text, file=record.file,
        )  # fmt: skip

    def _picture(self, name: str) -> bytes | None:
        """The image file itself, where it lies in the same folder: a plain name, a regular file, not too large."""
        path = self._file.path.parent / name
        plain = name not in ("", ".", "..") and "/" not in name and "\\" not in name and "\x00" not in name
        if not plain or path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_READ >> 4:
            return None
        return path.read_bytes()

    def _fields(self, index: int) -> dict[str, list[float]]:
        group = self._file.dereferenced(self._boxes.reference(index))
        if not isinstance(group, h5py.Group):
            return {}
        names = sorted(list(group)[:16], key=natural)
        fields = {name: group.get(name) for name in names if isinstance(group.get(name, getlink=True), h5py.HardLink)}
        return {name: self._numbers(found) for name, found in fields.items() if isinstance(found, h5py.Dataset)}

    def _numbers(self, dataset: h5py.Dataset) -> list[float]:
        """One number, or references to one number each."""
        if prod(map(int, dataset.shape or (0,))) > MAX_BOXES:
            return []
        values: Any = self._file.rows(dataset, 0, int(dataset.shape[0])).reshape(-1)
        if h5py.check_ref_dtype(dataset.dtype) is None:
            return [float(value) for value in values] if dataset.dtype.kind in "biuf" else []
        inner = [self._file.dereferenced(value) for value in values]
        return [number for found in inner if isinstance(found, h5py.Dataset) for number in self._scalar(found)]

    def _scalar(self, dataset: h5py.Dataset) -> list[float]:
        if dataset.dtype.kind not in "biuf" or prod(map(int, dataset.shape or (0,))) > MAX_BOXES:
            return []
        return [float(value) for value in self._file.rows(dataset, 0, int(dataset.shape[0])).reshape(-1)]
