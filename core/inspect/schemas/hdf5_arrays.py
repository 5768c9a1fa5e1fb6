"""HDF5 files that keep images as arrays, under whatever name and in whatever order of axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..hdf5 import layouts as hdf5_layouts
from ..hdf5.candidates import Candidate, array_candidates, chosen, first_images
from ..hdf5.doubles import beside_words
from ..hdf5.facts import Facts, facts_of, look
from ..hdf5.file import Hdf5File
from ..hdf5.labels import LabelColumn
from ..hdf5.pixels import Look, look_of
from ..hdf5.rows import Rows
from ..hdf5.runs import Column, Extent, Run, Runs
from ..hdf5.sidecar_labels import find_labels
from ..hdf5.splits import listed_splits
from ..hdf5.values import record_of_pixels
from ..records import Label, Record


class ArrayRun(Run):
    """The images of one array. With frames in each sample, the keys are `name[sample, frame]`."""

    def __init__(self, facts: Facts, layout: str, labels: Column | None = None) -> None:
        self._frames = prod(hdf5_layouts.frames(facts.shape, layout))
        axis = layout.index("N")
        super().__init__(facts.name, facts.shape[axis] * self._frames, labels)
        self._layout = layout
        self._has_frames = "T" in layout
        self._rest = layout.replace("N", "")
        self._rows = Rows(facts, axis)
        self.look: Look = look_of(facts, layout, lambda count: first_images(facts, layout, count))

    def key(self, index: int) -> str:
        sample, frame = divmod(index, self._frames)
        return f"{self.name}[{sample}, {frame}]" if self._has_frames else f"{self.name}[{sample}]"

    def find(self, key: str) -> int | None:
        matched = re.fullmatch(rf"/?{re.escape(self.name)}\[(\d{{1,18}}), ?(\d{{1,18}})\]", key)
        if not self._has_frames or matched is None:
            return super().find(key)
        sample, frame = int(matched[1]), int(matched[2])
        index = sample * self._frames + frame
        return index if frame < self._frames and index < len(self) else None

    def label(self, index: int) -> Label:
        return super().label(index // self._frames)

    @property
    def array(self) -> tuple[Facts, str] | None:
        """See `places.hdf5.OfArray`."""
        return None if self._has_frames else (self._rows.facts, self._layout)

    def extent(self, index: int) -> Extent:
        sample = index // self._frames
        return Extent(self._rows.facts, sample, sample + 1, self._rows.axis)

    def read(self, index: int) -> Record:
        sample, frame = divmod(index, self._frames)
        values = hdf5_layouts.frame(self._rows[sample], self._rest, frame)
        stored = self._rows.stored_bytes() // self._frames
        return record_of_pixels(self.key(index), self.label(index), np.asarray(values), self.look, stored)


class SingleImage(Runs):
    """One image in `image`, its label in `meta` (a scalar)."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> SingleImage | None:
        image, meta = facts_of(file, "image"), facts_of(file, "meta")
        if image is None or meta is None or meta.shape not in ((), (1,)) or not image.is_numbers:
            return None
        layout = hdf5_layouts.single(image.shape, image.matlab)
        if layout is None:
            return None
        from .hdf5_groups import DatasetsRun

        why = f"the datasets are image, of shape {image.shape}, and meta, of one value"
        return cls(why, [DatasetsRun(file, ["image"], lambda _: _scalar(meta))])


def _scalar(facts: Facts) -> Any:
    from ..arrays import label_of

    return label_of(facts.file.rows(facts.dataset, 0, 1))


class ManyImages(Runs):
    """Many images in `images`, their labels in `meta`."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> ManyImages | None:
        images, meta = facts_of(file, "images"), facts_of(file, "meta")
        if images is None or meta is None or not images.is_numbers or meta.dtype.kind not in "biufSO":
            return None
        layout = hdf5_layouts.many(images.shape, images.matlab) if len(images.shape) > 2 else None
        if layout is None or layout[0] != "N" or "T" in layout or meta.shape[:1] != images.shape[:1]:
            return None
        why = f"the datasets are images, of shape {images.shape}, and meta, of as many labels"
        return cls(why, [ArrayRun(images, layout, LabelColumn(meta, images.shape[0]))])


class NamedArrays(Runs):
    """Arrays of images, recognised by name, shape, type and values, each with its labels; one run an array."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> NamedArrays | None:
        looked = look(file)
        images, beside = chosen(array_candidates(looked))
        if not images:
            return None
        taken = [candidate.facts.name for candidate in (*images, *beside)]
        runs = [_run(file, looked, candidate, taken) for candidate in images]
        records = cls(_why(images, runs), runs)
        records.splits = listed_splits(file)
        if beside:
            records.why += beside_words(file, [candidate.facts.name for candidate in beside])
        return records


def _run(file: Hdf5File, looked: Sequence[Facts], candidate: Candidate, taken: Sequence[str]) -> ArrayRun:
    facts = candidate.facts
    return ArrayRun(facts, candidate.layout, find_labels(file, looked, facts, candidate.samples, taken))


def _why(images: Sequence[Candidate], runs: Sequence[ArrayRun]) -> str:
    """The sentence about the first array, and how many more there are like it."""
    first, run = images[0], runs[0]
    facts = first.facts
    size = hdf5_layouts.words(first.layout, facts.shape, facts.matlab)
    why = f"{facts.name} has the shape of images, {facts.shape}: {size}"
    why += f"; {run.labels.told()}" if run.labels is not None else ""
    if len(images) > 1:
        names = ", ".join(candidate.facts.name for candidate in images[1:5])
        why += f"; likewise {names}" + (f" and {len(images) - 5} more" if len(images) > 5 else "")
    return why
