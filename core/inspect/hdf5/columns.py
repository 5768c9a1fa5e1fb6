"""What an HDF5 file keeps beside its images: datasets with a row for each, which are fields of the records; and what is
neither of a record nor a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ..contents.named import DTYPES, SHAPES
from .facts import Facts, by_group, facts_of, look
from .file import Hdf5File
from .name_hints import SPLITS, words
from .rows import Rows
from .runs import Run
from .texts import text_of

MOST_COLUMNS = 64
MOST_ROW_BYTES = 1 << 20
"""Of one row of a field."""

MOST_NAMED = 200
"""Datasets that are named as left out."""

_LAYOUT = frozenset((*SHAPES, *DTYPES, "offsets", "lengths", "indptr"))


class DatasetColumns:
    """The fields of the records of one run, by name."""

    def __init__(self, file: Hdf5File, run: Run, taken: frozenset[str]) -> None:
        """taken: the names of datasets that are images or labels."""
        images = facts_of(file, run.name) if run.name else None
        self._file = file
        self._rows: dict[str, Rows] = {}
        for other in look(file) if images is not None and len(run) > 1 else ():
            axis = _axis_of(other, len(run))
            if images is None or axis is None or other.name in taken or len(self._rows) >= MOST_COLUMNS:
                continue
            if _goes_with(other, images) and not _is_layout(other, images):
                self._rows.setdefault(_called(other), Rows(other, axis))

    @property
    def names(self) -> list[str]:
        """Of the datasets."""
        return [rows.facts.name for rows in self._rows.values()]

    def values(self, index: int) -> dict[str, Any]:
        """None for one that cannot be read: the image is worth having without it."""
        found: dict[str, Any] = {}
        for name, rows in self._rows.items():
            try:
                found[name] = self._value(rows, index)
            except (ValueError, IndexError):
                found[name] = None
        return found

    def _value(self, rows: Rows, index: int) -> Any:
        value = rows[index]
        if rows.facts.dtype.kind in "biuf":
            value = np.asarray(value)
            return value.item() if value.size == 1 else value
        text = text_of(self._file, value)
        if text is None and isinstance(value, np.ndarray):
            return [text_of(self._file, one) for one in value.reshape(-1)]
        return text


class GroupColumns:
    """The fields of samples that have a group each: the other datasets in it."""

    def __init__(self, file: Hdf5File, run: Run) -> None:
        self._file = file
        self._images = list(run.names)
        self._groups = by_group(file)

    @property
    def names(self) -> list[str]:
        """Of the datasets."""
        return [name for image in self._images for name in self._beside(image)]

    def values(self, index: int) -> dict[str, Any]:
        """None for one that cannot be read."""
        found: dict[str, Any] = {}
        for name in self._beside(self._images[index]):
            found[name.rpartition("/")[2]] = self._value(name)
        return found

    def _beside(self, image: str) -> list[str]:
        return [name for name in self._groups.get(image.rpartition("/")[0], ()) if name != image][:MOST_COLUMNS]

    def _value(self, name: str) -> Any:
        facts = facts_of(self._file, name)
        if facts is None or prod(facts.shape) * max(facts.dtype.itemsize, 1) > MOST_ROW_BYTES:
            return None
        try:
            values = self._file.rows(facts.dataset, 0, facts.shape[0] if facts.shape else 1)
        except ValueError:
            return None
        if facts.dtype.kind in "biuf":
            return values.item() if values.size == 1 else np.asarray(values)
        texts = [text_of(self._file, one) for one in values.reshape(-1)]
        return texts[0] if len(texts) == 1 else texts


def _goes_with(facts: Facts, images: Facts) -> bool:
    """Whether a dataset is of the images' group and split, or of one around it and of no other split."""
    if facts.group == images.group:
        return facts.split == images.split
    around = f"{facts.group}/" if facts.group else ""
    return images.group.startswith(around) and facts.split in (None, images.split)


def _axis_of(facts: Facts, count: int) -> int | None:
    """The axis that counts the samples, in a dataset of numbers or text with short rows; None for any other."""
    kind = facts.dtype.kind
    if not facts.shape or (kind not in "biufS" and not facts.is_text):
        return None
    axis = len(facts.shape) - 1 if facts.matlab else 0
    row = prod(facts.shape) // max(count, 1) * max(facts.dtype.itemsize, 1)
    return axis if facts.shape[axis] == count and row <= MOST_ROW_BYTES else None


def _is_layout(facts: Facts, images: Facts) -> bool:
    """Whether it tells how the images lie in their dataset."""
    return facts.leaf in _LAYOUT or any(facts.leaf == f"{images.leaf}_{word}" for word in (*_LAYOUT, "len", "size"))


def _called(facts: Facts) -> str:
    """The last part of its name, without the word of its split, so that it is the same in all of them."""
    left = [word for word in words(facts.leaf) if word not in SPLITS]
    return "_".join(left) if facts.split is not None and left else facts.leaf


def left_out(file: Hdf5File, taken: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(name, what it is) of the datasets that are none of these; many are told by their number."""
    known = frozenset(taken)
    others = [name for name in file.datasets if name not in known and not name.startswith("#")]
    for name in others[:MOST_NAMED]:
        facts = facts_of(file, name)
        yield name, "a dataset" if facts is None else f"a dataset of shape {facts.shape}, {facts.dtype}"
    if len(others) > MOST_NAMED:
        yield f"{len(others) - MOST_NAMED:,} more datasets", "neither images nor labels nor fields of them"


def columns_of(runs: Sequence[Run], taken: frozenset[str]) -> Mapping[int, DatasetColumns | GroupColumns]:
    """By the number of the run."""
    found: dict[int, DatasetColumns | GroupColumns] = {}
    for number, run in enumerate(runs):
        file = file_of([run])
        if file is not None:
            found[number] = GroupColumns(file, run) if run.has_groups else DatasetColumns(file, run, taken)
    return found


def file_of(runs: Sequence[Run]) -> Hdf5File | None:
    """The file that runs are of."""
    for run in runs:
        extent = run.extent(0) if len(run) else None
        if extent is not None:
            return extent.facts.file
    return None
