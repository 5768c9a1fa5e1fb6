"""The datasets of an HDF5 file themselves, where none of them is known to hold images."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

import numpy as np

from core.contracts import Labels
from core.inspect.hdf5.facts import facts_of
from core.inspect.hdf5.file import Hdf5File
from core.inspect.hdf5.texts import characters
from core.inspect.hdf5.values import bytes_of, is_bytes, record_of_bytes, record_of_values
from core.inspect.records import Label, Record

ROWS = 64
VALUES = 1 << 20


class Datasets:
    """Each dataset is a record: its first values, to be read."""

    kind: ClassVar[str] = "hdf5"

    def __init__(self, file: Hdf5File) -> None:
        self.why = "no dataset has the shape of images; the datasets themselves are listed"
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self._file = file
        self._names = sorted(file.datasets, key=lambda name: name.startswith("#"))  # MATLAB's own come last
        if not self._names:
            self.why = "there is no dataset in this file; its groups, links and attributes are told in its structure"
        self._places = {name: place for place, name in enumerate(self._names)}

    @classmethod
    def recognise(cls, file: Hdf5File) -> Datasets:
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
        rows = 0 if not facts.shape else min(facts.shape[0], ROWS)
        if prod(facts.shape[1:]) * rows > VALUES:
            rows = max(VALUES // max(prod(facts.shape[1:]), 1), 1)
        values = self._file.rows(facts.dataset, 0, rows)
        if facts.is_bytes and values.size == 1:
            record = record_of_bytes(name, None, bytes_of(values.reshape(-1)[0]), stored)
        else:
            record = self._text(name, values, stored)
        return Record(
            name, None, record.encoding, record.payload, record.pixels, facts.shape, str(facts.dtype), stored,
            record.problem, record.text, record.values,
        )  # fmt: skip

    def _text(self, name: str, values: np.ndarray, stored: int) -> Record:
        """MATLAB's characters as the text they are; a row of bytes as what it looks like; numbers as numbers."""
        dataset = self._file.datasets[name]
        if "MATLAB_class" in dataset.attrs and bytes(np.bytes_(dataset.attrs["MATLAB_class"])) == b"char":
            text = characters(self._file, dataset)
            if text is not None:
                return record_of_bytes(name, None, text.encode(), stored)
        if is_bytes(values) and len(values) == (dataset.shape or (0,))[0]:
            return record_of_bytes(name, None, bytes_of(values), stored)
        return record_of_values(name, None, values, stored, "dataset")

    def _unknown(self, name: str) -> Record:
        """A dataset without values, or of a type that NumPy has not."""
        dataset = self._file.datasets[name]
        if dataset.shape is None:
            return Record(name, None, "dataset", b"", None, (), str(dataset.dtype), 0, None, "(empty)")
        raise ValueError(f"/{name} has a shape or type that cannot be read here")
