"""HDF5 files of two axes: rows that are an image's pixels one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import arrays
from ..display_range import evenly
from ..hdf5 import layouts as hdf5_layouts
from ..hdf5 import nature, origins
from ..hdf5.candidates import smoothness
from ..hdf5.facts import Facts, look
from ..hdf5.file import Hdf5File
from ..hdf5.name_hints import IMAGE_WORDS, UNLIKELY, has
from ..hdf5.pixels import Look, look_of
from ..hdf5.rows import Rows
from ..hdf5.runs import Column, Extent, Run, Runs
from ..hdf5.sidecar_labels import find_labels
from ..hdf5.values import record_of_pixels
from ..records import Record

SMOOTH = 0.4
"""Correlation of neighbours from which rows of numbers are taken for pictures."""

PROBE = 8
LEAST = 8
ONE = frozenset(["image", "img", "picture", "photo", "frame", "mask"])


class FlatRun(Run):
    """Rows of pixels, each an image of `shape` whose axes are `layout`."""

    def __init__(self, facts: Facts, shape: tuple[int, ...], layout: str, labels: Column | None, axis: int) -> None:
        super().__init__(facts.name, facts.shape[axis], labels)
        self.shape = shape
        self._rows = Rows(facts, axis)
        self.look: Look = look_of(replace(facts, shape=shape), layout, self._first)

    def _first(self, count: int) -> list[arrays.Array]:
        """Some images, spread over the rows."""
        places = evenly(len(self), count)
        values = (np.asarray(self._rows[place]).reshape(self.shape) for place in places)
        return [hdf5_layouts.upright(image, self.look.layout) for image in values]

    def extent(self, index: int) -> Extent:
        return Extent(self._rows.facts, index, index + 1, self._rows.axis)

    def read(self, index: int) -> Record:
        values = np.asarray(self._rows[index]).reshape(self.shape)
        return record_of_pixels(self.key(index), self.label(index), values, self.look, self._rows.stored_bytes())


class FlatRows(Runs):
    """Rows as long as a square image has pixels, whose values are alike where pixels would be neighbours."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> FlatRows | None:
        looked = look(file)
        runs: list[FlatRun] = []
        for facts in looked:
            found = _as_images(facts)
            if found is not None:
                shape, layout, axis = found
                labels = find_labels(file, looked, facts, facts.shape[axis])
                runs.append(FlatRun(facts, shape, layout, labels, axis))
        if not runs:
            return None
        first = runs[0]
        names = ", ".join(run.name for run in runs[:4])
        why = f"each row of {names} has as many values as an image of {' x '.join(map(str, first.shape))}, and they "
        why += "vary like one" + (f"; {first.labels.told()}" if first.labels is not None else "")
        return cls(why, runs)


def _as_images(facts: Facts) -> tuple[tuple[int, ...], str, int] | None:
    """(shape, layout, axis of the samples) of rows that are pictures; None for rows that are just numbers."""
    if len(facts.shape) != 2 or not facts.is_numbers or has(facts.called, UNLIKELY) or 0 in facts.shape:
        return None
    if origins.refusal(facts) is not None:
        return None
    for axis in (1, 0) if facts.matlab else (0, 1):
        ways = _ways(facts.shape[1 - axis], facts.matlab)
        if not ways or (axis == 1 and not facts.matlab and not facts.rank(IMAGE_WORDS)):
            continue
        scored = [(_smoothness(facts, axis, shape, layout), shape, layout) for shape, layout in ways]
        best = max(scored, key=lambda item: item[0])
        if best[0] >= SMOOTH and best[0] > _as_a_whole(facts) and not _are_lines(facts, axis, best[1], best[2]):
            return best[1], best[2], axis
    return None


def _are_lines(facts: Facts, axis: int, shape: tuple[int, ...], layout: str) -> bool:
    """Whether each row is one smooth line (a spectrum, a signal), which is smooth at any width."""
    rows = Rows(facts, axis)
    found = [np.asarray(rows[place]).reshape(shape) for place in range(min(facts.shape[axis], PROBE))]
    images = [nature.finite(hdf5_layouts.upright(image, layout), None) for image in found]
    planes = np.stack([image if image.ndim == 2 else image[:, :, 0] for image in images])
    return nature.is_one_line(planes.reshape(len(planes), -1), planes.shape[2])


def _as_a_whole(facts: Facts) -> float:
    """How alike neighbours are if the whole dataset is one grey image."""
    rows = facts.file.rows(facts.dataset, 0, min(facts.shape[0], 256))
    return 1.0 if has(facts.called, ONE) else smoothness(rows)


def _ways(count: int, matlab: bool) -> list[tuple[tuple[int, ...], str]]:
    """The square images that have this many values."""
    ways: list[tuple[tuple[int, ...], str]] = []
    for channels in (1, 3):
        side = round((count / channels) ** 0.5)
        if side < LEAST or side * side * channels != count:
            continue
        if channels == 1:
            ways += [((side, side), "WH" if matlab else "HW")]
        else:
            ways += [((3, side, side), "CWH" if matlab else "CHW"), ((side, side, 3), "HWC")]
    return ways


def _smoothness(facts: Facts, axis: int, shape: tuple[int, ...], layout: str) -> float:
    """The mean likeness of neighbours in the first rows, which differ among themselves."""
    rows = Rows(facts, axis)
    found: list[float] = []
    for place in range(min(facts.shape[axis], PROBE)):
        try:
            image = hdf5_layouts.upright(np.asarray(rows[place]).reshape(shape), layout)
        except ValueError:
            return 0.0
        found.append(smoothness(image if image.ndim == 2 else image[:, :, 0]))
    return float(np.mean(found)) if found else 0.0
