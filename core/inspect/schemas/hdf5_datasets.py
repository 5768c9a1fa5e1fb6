"""The datasets of an HDF5 file themselves, where none of them is known to hold images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any, ClassVar

import numpy as np

from ...base.contracts import Labels
from ..hdf5 import absent
from ..hdf5.facts import facts_of
from ..hdf5.file import Hdf5File
from ..hdf5.texts import characters
from ..hdf5.values import bytes_of, is_bytes, record_of_bytes, record_of_values
from ..records import Label, Record

ROWS = 64
VALUES = 1 << 20
"""Numbers of a dataset that are looked at: its first rows."""

DOUBTS = 3


def _why(file: Hdf5File) -> str:
    """What spoke against those that have the shape of images."""
    told = "; ".join(f"{name}: {doubt}" for name, doubt in list(file.doubts.items())[:DOUBTS])
    why = "no dataset is a picture, as far as names, shapes and values tell; the datasets themselves are listed"
    return f"{why} ({told})" if told else why


class OtherDatasets:
    """Each dataset is a record: its first values, to be read."""

    kind: ClassVar[str] = "hdf5"

    def __init__(
        self, file: Hdf5File, why: str | None = None, order: Callable[[str], tuple[Any, ...]] | None = None
    ) -> None:
        """`why`: what told that these are no pictures, where it is known; `order`: the key to sort their names by."""
        self.why = why or _why(file)
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self._file = file
        names = list(file.datasets) if order is None else sorted(file.datasets, key=order)
        self._names = sorted(names, key=lambda name: name.startswith("#"))  # MATLAB's own come last
        if not self._names:
            self.why = "there is no dataset in this file; its groups, links and attributes are told in its structure"
        self._places = {name: place for place, name in enumerate(self._names)}

    @classmethod
    def recognise(cls, file: Hdf5File) -> OtherDatasets | None:
        return cls(file)

    def __len__(self) -> int:
        return len(self._names)

    def key(self, index: int) -> str:
        return self._names[index]

    def find(self, key: str) -> int | None:
        return self._places.get(key.strip("/"))

    def label(self, index: int) -> Label:
        return None

    def numbers(self) -> Labels | None:
        return None

    def read(self, index: int) -> Record:
        name = self._names[index]
        facts = facts_of(self._file, name)
        if facts is None:
            return self._unknown(name)
        stored = int(facts.dataset.id.get_storage_size())
        rows = 0 if not facts.shape else min(facts.shape[0], max(VALUES // max(prod(facts.shape[1:]), 1), 1))
        rows = rows if facts.is_numbers else min(rows, ROWS)
        absence = self._file.absence(facts.dataset)
        values = self._file.rows(facts.dataset, 0, rows)
        if facts.is_bytes and values.size == 1:
            record = record_of_bytes(name, None, bytes_of(values.reshape(-1)[0]), stored)
        else:
            record = self._text(name, values, stored, prod(facts.shape))
        problem = absent.sentence(absence, name, facts.dataset.fillvalue) if absence else record.problem
        if absence.whole:
            record = replace(record, statistics=None, values=None)
        return replace(record, shape=facts.shape, dtype=str(facts.dtype), problem=problem)

    def _text(self, name: str, values: np.ndarray, stored: int, total: int) -> Record:
        """MATLAB's characters as the text they are; a row of bytes as what it looks like; numbers as numbers."""
        dataset = self._file.datasets[name]
        if "MATLAB_class" in dataset.attrs and bytes(np.bytes_(dataset.attrs["MATLAB_class"])) == b"char":
            text = characters(self._file, dataset)
            if text is not None:
                return record_of_bytes(name, None, text.encode(), stored)
        if is_bytes(values) and len(values) == (dataset.shape or (0,))[0]:
            return record_of_bytes(name, None, bytes_of(values), stored)
        return record_of_values(name, None, values, stored, "dataset", total)

    def _unknown(self, name: str) -> Record:
        """A dataset without values, or of a type that NumPy has not."""
        dataset = self._file.datasets[name]
        if dataset.shape is None:
            return Record(name, None, "dataset", b"", None, (), str(dataset.dtype), 0, None, "(empty)")
        raise ValueError(f"/{name} has a shape or type that cannot be read here")
