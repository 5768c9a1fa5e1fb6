"""Records of an HDF5 file as runs: images that lie together, one run after the other."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from ...base.contracts import Labels
from ..records import Finding, Label, Record
from ..splits import split_in_key
from . import absent
from .absent import Absence
from .facts import Facts
from .name_hints import split_of
from .walk import TROUBLE

if TYPE_CHECKING:
    from ..places.form import ImagePlaces
    from .columns import DatasetColumns, GroupColumns


class Column(Protocol):
    """The labels of one run."""

    name: str
    classes: Sequence[str] | None

    def __getitem__(self, index: int) -> Label: ...

    def told(self) -> str:
        """How it is said that these are the labels; a guess says that it is one."""
        ...

    def value(self, index: int) -> Any:
        """What the file has in the place of a label that is no class: numbers, text. None where the label says it."""
        ...

    def numbers(self) -> Labels | None:
        """All of them as class numbers, int64 (n,), where they are that."""
        ...


@dataclass(frozen=True, slots=True)
class Extent:
    """The rows start <= i < stop of a dataset along an axis."""

    facts: Facts
    start: int
    stop: int
    axis: int = 0

    def absence(self) -> Absence:
        """What was never written; of what is refused anyway, the refusal is to be told."""
        file, dataset = self.facts.file, self.facts.dataset
        if file.refusal(dataset) is not None:
            return absent.NOTHING
        return file.absence_of_rows(dataset, self.start, self.stop, self.axis)

    def kind(self) -> tuple[tuple[int, ...], str]:
        """The shape of one row, and the type of the dataset."""
        shape = self.facts.shape
        rows = shape[: self.axis] + shape[self.axis + 1 :] if self.stop - self.start == 1 else shape
        return rows, str(self.facts.dtype)

    def fill(self) -> Any:
        """What stands for values that were never written."""
        try:
            return self.facts.dataset.fillvalue
        except TROUBLE:
            return "unknown"


class Run:
    """Images that lie together under one name, `name[0]`, `name[1]`, ..., and the labels that belong to them."""

    has_groups = False
    """Whether each image lies in a group of its own."""

    def __init__(self, name: str, length: int, labels: Column | None = None) -> None:
        self.name = name
        self.labels = labels
        self._length = length

    def __len__(self) -> int:
        return self._length

    def key(self, index: int) -> str:
        return f"{self.name}[{index}]"

    def find(self, key: str) -> int | None:
        """The index of a key; a bare number is one too."""
        matched = re.fullmatch(rf"(?:/?{re.escape(self.name)}\[)?(\d{{1,18}})\]?", key)
        index = int(matched[1]) if matched else -1
        return index if 0 <= index < len(self) else None

    @property
    def names(self) -> Sequence[str]:
        """The datasets that it is made of, its labels among them."""
        return [self.name, *([self.labels.name] if self.labels is not None else [])]

    def label(self, index: int) -> Label:
        return None if self.labels is None else self.labels[index]

    def read(self, index: int) -> Record:
        raise NotImplementedError

    def extent(self, index: int) -> Extent | None:
        """Where in the file a record lies; None where no one place can be told."""
        return None

    def told(self, index: int) -> Record:
        """A record, and what of it was never written as its problem; one that is nowhere is not read."""
        extent = self.extent(index)
        absence = absent.NOTHING if extent is None else extent.absence()
        if extent is None or not absence:
            return self.read(index)
        key = self.key(index)
        problem = absent.sentence(absence, key, extent.fill())
        if absence.whole:
            return Record(key, self.label(index), "nothing", b"", None, *extent.kind(), stored_bytes=0, problem=problem)
        record = self.read(index)
        return record if record.problem is not None else replace(record, problem=problem)


class Runs:
    """All runs of a file as `Records`."""

    kind: ClassVar[str] = "hdf5"

    def __init__(self, why: str, runs: Sequence[Run], classes: Sequence[str] | None = None) -> None:
        self.why = why
        self.warnings: list[str] = []
        self.findings: list[Finding] = []
        self.runs = runs
        self.splits: Mapping[str, str] = {}
        self.classes = classes if classes is not None else _classes(runs)
        self._starts = list(accumulate((len(run) for run in runs), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def key(self, index: int) -> str:
        run, inner = self.run_of(index)
        return run.key(inner)

    def find(self, key: str) -> int | None:
        for run, start in zip(self.runs, self._starts, strict=False):
            found = run.find(key)
            if found is not None:
                return start + found
        return None

    def label(self, index: int) -> Label:
        run, inner = self.run_of(index)
        return run.label(inner)

    def numbers(self) -> Labels | None:
        found = [run.labels.numbers() if run.labels is not None else None for run in self.runs]
        known = [numbers for numbers in found if numbers is not None]
        return np.concatenate(known) if known and len(known) == len(found) else None

    def split(self, index: int) -> str | None:
        """By the lists of samples that the file keeps for each split (`splits`), else by the name of the dataset."""
        run, inner = self.run_of(index)
        if not run.name:
            return split_in_key(run.key(inner))
        listed = next((self.splits[group] for group in run.name.split("/") if group in self.splits), None)
        return listed or split_of(run.name)

    def read(self, index: int) -> Record:
        run, inner = self.run_of(index)
        record = run.told(inner)
        value = run.labels.value(inner) if isinstance(record.label, str) and run.labels is not None else None
        return record if value is None else replace(record, label_value=value)

    @cached_property
    def _columns(self) -> Mapping[int, DatasetColumns | GroupColumns]:
        from .columns import columns_of

        labels = (run.labels.name for run in self.runs if run.labels is not None)
        return columns_of(self.runs, frozenset((*labels, *(run.name for run in self.runs))))

    def columns(self, index: int) -> Mapping[str, Any]:
        """What other datasets of the same group and length have for a record."""
        number, inner = self.place(index)
        return self._columns[number].values(inner) if number in self._columns else {}

    def left_out(self) -> Sequence[tuple[str, str]]:
        """The datasets that are neither images nor labels nor columns of them."""
        from .columns import file_of, left_out

        file = file_of(self.runs)
        taken = [name for run in self.runs for name in run.names]
        taken += [name for columns in self._columns.values() for name in columns.names]
        return list(left_out(file, taken)) if file is not None else []

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.hdf5 import Hdf5Places

        return Hdf5Places(self, path, labelled)

    def place(self, index: int) -> tuple[int, int]:
        """(number of the run, index in it) of a record."""
        number = bisect.bisect_right(self._starts, index) - 1
        if not 0 <= number < len(self.runs):
            raise IndexError(f"there is no record {index}")
        return number, index - self._starts[number]

    def run_of(self, index: int) -> tuple[Run, int]:
        """The run of a record, and its index in it."""
        number, inner = self.place(index)
        return self.runs[number], inner


def _classes(runs: Sequence[Run]) -> Sequence[str] | None:
    """The class names of the first run that has any."""
    named: list[Any] = [run.labels.classes for run in runs if run.labels is not None and run.labels.classes]
    return named[0] if named else None
