"""HDF5 files that keep one image a dataset: in a group, in a group for each class, or in a group for each sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...base.contracts import Labels
from ..hdf5 import layouts as hdf5_layouts
from ..hdf5.alike import Families, Looks
from ..hdf5.doubles import beside_words
from ..hdf5.facts import Facts, facts_of, look
from ..hdf5.families import Family, families, image_layout
from ..hdf5.file import Hdf5File
from ..hdf5.group_labels import Labeller, labels_of
from ..hdf5.runs import Extent, Run, Runs
from ..hdf5.texts import class_names
from ..hdf5.values import Pictures, bytes_of, is_bytes, record_of_bytes, record_of_pixels, record_of_values
from ..records import Label, Record


class DatasetsRun(Run):
    """Datasets that are an image each; their keys are their paths (of the sample's group, where each has one).

    `drawn`: they are drawn by their shapes, whatever they are called.
    """

    def __init__(
        self,
        file: Hdf5File,
        names: Sequence[str],
        labeller: Labeller | None,
        leaf: str | None = None,
        drawn: bool = False,
    ) -> None:
        super().__init__("", len(names))
        self._file = file
        self._names = names
        self._labeller = labeller
        self._drawn = drawn
        self._cut = len(leaf) + 1 if leaf is not None else 0
        self.has_groups = leaf is not None
        self._places: Mapping[str, int] | None = None
        self._looks = Looks(Families(file, names).alike)
        self._pictures = Pictures(file, len(names), lambda index: bytes_of(_only(self._values(index)[1])))

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def key(self, index: int) -> str:
        name = self._names[index]
        return name[: -self._cut] if self._cut else name

    def find(self, key: str) -> int | None:
        if self._places is None:
            self._places = dict(self._all_keys())
        return self._places.get(key.strip("/"))

    def _all_keys(self) -> Iterator[tuple[str, int]]:
        for index, name in enumerate(self._names):
            yield name, index
            yield self.key(index), index

    def label(self, index: int) -> Label:
        return None if self._labeller is None else self._labeller(self._names[index])

    def extent(self, index: int) -> Extent | None:
        facts = facts_of(self._file, self._names[index])
        return None if facts is None else Extent(facts, 0, facts.shape[0] if facts.shape else 1)

    def read(self, index: int) -> Record:
        facts, values = self._values(index)
        stored = int(facts.dataset.id.get_storage_size())
        return self._record(self.key(index), self._label_or_none(index), values, facts, stored)

    def _values(self, index: int) -> tuple[Facts, Any]:
        """Raises ValueError where they cannot be read."""
        facts = facts_of(self._file, self._names[index])
        if facts is None:
            raise ValueError(f"/{self._names[index]} cannot be opened, or is of a type that NumPy has not")
        return facts, facts.cut(self._file.rows(facts.dataset, 0, facts.shape[0] if facts.shape else 1))

    def _record(self, key: str, label: Label, values: Any, facts: Facts, stored: int) -> Record:
        layout = hdf5_layouts.single(facts.shape, facts.matlab) if self._drawn else image_layout(facts)
        if layout is not None:
            return record_of_pixels(key, label, values, self._looks.look(facts, layout), stored)
        value = _only(values)
        if is_bytes(value):
            return record_of_bytes(key, label, bytes_of(value), stored, self._pictures)
        return record_of_values(key, label, values, stored)

    def _label_or_none(self, index: int) -> Label:
        try:
            return self.label(index)
        except (ValueError, KeyError):
            return None


def _only(values: Any) -> Any:
    """The one value of a dataset that has no more."""
    return values.reshape(-1)[0] if values.size == 1 else values


class GroupedImages(Runs):
    """One image a dataset, or one sample a group."""

    def __init__(self, why: str, runs: Sequence[Run], classes: Sequence[str] | None, numbers: Labels | None) -> None:
        super().__init__(why, runs, classes)
        self._numbers = numbers

    def numbers(self) -> Labels | None:
        return self._numbers

    @classmethod
    def recognise(cls, file: Hdf5File) -> GroupedImages | None:
        found = families(file)
        names = [name for family in found for name in family.names]
        if not names:
            return None
        leaf = found[0].leaf
        labeller, told, numbers = labels_of(file, found[0].leaf, names)
        classes = _classes(file, names, numbers)
        return cls(
            _why(found, names, told) + beside_words(file, list(file.beside)),
            [DatasetsRun(file, names, labeller, leaf)],
            classes,
            numbers,
        )


def _why(found: Sequence[Family], names: Sequence[str], told: str) -> str:
    leaf = found[0].leaf
    if leaf is not None:
        what = f"{len(names):,} groups have an image each, in {leaf}"
    elif len(names) == 1:
        what = f"{names[0]} is one image"
    else:
        groups = len({name.rpartition("/")[0] for name in names})
        where = f"in {groups} groups" if groups > 1 else f"in /{names[0].rpartition('/')[0]}"
        what = f"{len(names):,} datasets {where} are an image each"
    return what + (f"; {told}" if told else "")


def _classes(file: Hdf5File, names: Sequence[str], numbers: Labels | None) -> list[str] | None:
    first = facts_of(file, names[0])
    highest = int(numbers.max()) if numbers is not None and numbers.size else None
    if first is None or len(names) < 2:
        return None
    known = set(names)
    looked = [facts for facts in look(file) if facts.name not in known]
    return class_names(file, looked, [first], highest, len(names))
