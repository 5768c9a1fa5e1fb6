"""HDF5 files that keep one image a dataset: in a group, in a group for each class, or in a group for each sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from core.contracts import Labels
from core.inspect import arrays
from core.inspect.hdf5 import layouts as hdf5_layouts
from core.inspect.hdf5.facts import Facts, facts_of, look
from core.inspect.hdf5.families import Family, families, image_layout
from core.inspect.hdf5.file import Hdf5File
from core.inspect.hdf5.labels import labels_for
from core.inspect.hdf5.pixels import Look, look_of
from core.inspect.hdf5.runs import Run, Runs
from core.inspect.hdf5.texts import class_names, text_of
from core.inspect.hdf5.values import bytes_of, is_bytes, record_of_bytes, record_of_pixels, record_of_values
from core.inspect.hdf5.words import IMAGE_WORDS, LABEL_WORDS, SPLITS, words
from core.inspect.records import Label, Record

ATTRIBUTES = ("label", "class", "target", "y", "category", "class_id", "label_id", "class_name", "labels", "id")

Labeller = Callable[[str], Label]
"""The label of the image in the dataset of this name."""


class DatasetsRun(Run):
    """Datasets that are an image each; their keys are their paths (of the sample's group, where each has one)."""

    def __init__(
        self, file: Hdf5File, names: Sequence[str], labeller: Labeller | None, leaf: str | None = None
    ) -> None:
        super().__init__("", len(names))
        self._file = file
        self._names = names
        self._labeller = labeller
        self._cut = len(leaf) + 1 if leaf is not None else 0
        self._places: Mapping[str, int] | None = None

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

    def read(self, index: int) -> Record:
        name = self._names[index]
        facts = facts_of(self._file, name)
        if facts is None:
            raise ValueError(f"/{name} cannot be opened, or is of a type that NumPy has not")
        rows = facts.shape[0] if facts.shape else 1
        values = self._file.rows(facts.dataset, 0, rows)
        stored = int(facts.dataset.id.get_storage_size())
        return _record(self.key(index), self._label_or_none(index), values, facts, stored)

    def _label_or_none(self, index: int) -> Label:
        try:
            return self.label(index)
        except (ValueError, KeyError):
            return None


def _record(key: str, label: Label, values: Any, facts: Facts, stored: int) -> Record:
    layout = image_layout(facts)
    if layout is not None:
        return record_of_pixels(key, label, values, single_look(facts, layout, values), stored)
    value = values.reshape(-1)[0] if values.size == 1 else values
    if is_bytes(value):
        return record_of_bytes(key, label, bytes_of(value), stored)
    return record_of_values(key, label, values, stored)


def single_look(facts: Facts, layout: str, values: arrays.Array) -> Look:
    """An image that stands alone goes by its own values."""
    return look_of(facts, layout, lambda _: [hdf5_layouts.upright(values, layout)])


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
        labeller, told, numbers = _labeller(file, found, names)
        classes = _classes(file, names, numbers)
        return cls(_why(found, names, told), [DatasetsRun(file, names, labeller, leaf)], classes, numbers)


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


def _labeller(
    file: Hdf5File, found: Sequence[Family], names: Sequence[str]
) -> tuple[Labeller | None, str, Labels | None]:
    """(labeller, how it is said, all labels as numbers) by the first way of telling labels that this file has."""
    for way in (_by_attribute, _by_neighbour, _by_twin):
        labeller, told = way(file, found, names)
        if labeller is not None:
            return labeller, told, None
    return _by_column(file, names) or _by_group(names) or (None, "", None)


def _by_attribute(file: Hdf5File, found: Sequence[Family], names: Sequence[str]) -> tuple[Labeller | None, str]:
    """An attribute of the dataset, or of the sample's group."""
    leaf = found[0].leaf
    for owner, what in ((lambda name: name, "the dataset"), (_group_of, "its group")):
        if what == "its group" and leaf is None:
            break
        attributes = {name.lower(): name for name in file.attributes(owner(names[0]))}
        chosen = next((attributes[word] for word in ATTRIBUTES if word in attributes), None)
        if chosen is not None:
            return _attribute_labeller(file, owner, chosen), f"the attribute {chosen} of {what} is the label"
    return None, ""


def _attribute_labeller(file: Hdf5File, owner: Callable[[str], str], attribute: str) -> Labeller:
    def label(name: str) -> Label:
        value = file.attributes(owner(name)).get(attribute)
        return text if (text := text_of(file, value)) is not None else arrays.label_of(value)

    return label


def _by_neighbour(file: Hdf5File, found: Sequence[Family], names: Sequence[str]) -> tuple[Labeller | None, str]:
    """A dataset of one value beside the image, in the sample's own group."""
    leaf = found[0].leaf
    if leaf is None and len(names) > 1:
        return None, ""
    group = _group_of(names[0])
    beside = [name for name in file.datasets if _group_of(name) == group and name != names[0]] if len(names) < 2 else [
        name for name in _children(file, group) if name != names[0]
    ]  # fmt: skip
    known = [facts for name in beside if (facts := facts_of(file, name)) is not None and _is_one_label(facts)]
    if not known:
        return None, ""
    chosen = max(known, key=lambda facts: facts.rank(LABEL_WORDS)).leaf
    return _dataset_labeller(file, lambda name: f"{_group_of(name)}/{chosen}".lstrip("/")), f"{chosen} is its label"


def _children(file: Hdf5File, group: str) -> list[str]:
    prefix = f"{group}/" if group else ""
    return [name for name in file.datasets if name.startswith(prefix) and "/" not in name[len(prefix) :]]


def _is_one_label(facts: Facts) -> bool:
    few = int(np.prod(facts.shape, dtype=np.float64)) <= 4096 and len(facts.shape) <= 2
    kept = facts.dtype.kind in "biuf" or facts.is_text
    leaf = words(facts.leaf)
    return few and kept and any(word in LABEL_WORDS for word in leaf) and not any(word in IMAGE_WORDS for word in leaf)


def _by_twin(file: Hdf5File, found: Sequence[Family], names: Sequence[str]) -> tuple[Labeller | None, str]:
    """A dataset of the same name in a group of labels: images/0001 and labels/0001, or image_0001 and label_0001."""
    for image_word, label_word in (("images", "labels"), ("image", "label"), ("imgs", "labels"), ("img", "label"),
                                   ("x", "y"), ("data", "labels"), ("data", "label"), ("data", "target")):  # fmt: skip
        twin = names[0].replace(image_word, label_word, 1)
        facts = facts_of(file, twin) if twin != names[0] else None
        if facts is not None and twin not in names and int(np.prod(facts.shape, dtype=np.float64)) <= 4096:
            return _dataset_labeller(file, _replacer(image_word, label_word)), f"{twin} is the label of {names[0]}"
    return None, ""


def _replacer(old: str, new: str) -> Callable[[str], str]:
    return lambda name: name.replace(old, new, 1)


def _dataset_labeller(file: Hdf5File, where: Callable[[str], str]) -> Labeller:
    def label(name: str) -> Label:
        facts = facts_of(file, where(name))
        if facts is None:
            return None
        value = file.rows(facts.dataset, 0, facts.shape[0] if facts.shape else 1)
        text = text_of(file, value)
        return text if text is not None else arrays.label_of(value.reshape(-1))

    return label


def _by_column(file: Hdf5File, names: Sequence[str]) -> tuple[Labeller, str, Labels | None] | None:
    """One dataset of as many labels as there are images, in the order in which people sort their names."""
    images = facts_of(file, names[0])
    known = set(names)
    looked = [facts for facts in look(file) if facts.name not in known]
    column = labels_for(file, looked, images, len(names)) if images is not None and len(names) > 1 else None
    if column is None or not column.facts.rank(LABEL_WORDS):
        return None
    places = {name: place for place, name in enumerate(names)}
    return (lambda name: column[places[name]]), f"{column.name} has a label for each", column.numbers()


def _by_group(names: Sequence[str]) -> tuple[Labeller, str, Labels | None] | None:
    """The name of the group, as in a folder for each class; groups that are named for splits or roles say nothing."""
    groups = {_group_of(name).rpartition("/")[2] for name in names}
    telling = {group for group in groups if not _is_role(group)}
    if len(telling) < 2 or len(telling) == len(names):
        return None
    return (lambda name: _group_label(_group_of(name).rpartition("/")[2])), "the group's name is the label", None


def _is_role(group: str) -> bool:
    return all(word in SPLITS or word in IMAGE_WORDS for word in words(group))


def _group_label(group: str) -> Label:
    return int(group) if group.isdigit() and len(group) < 10 else group


def _group_of(name: str) -> str:
    return name.rpartition("/")[0]


def _classes(file: Hdf5File, names: Sequence[str], numbers: Labels | None) -> list[str] | None:
    first = facts_of(file, names[0])
    highest = int(numbers.max()) if numbers is not None and numbers.size else None
    if first is None or len(names) < 2:
        return None
    known = set(names)
    looked = [facts for facts in look(file) if facts.name not in known]
    return class_names(file, looked, [first], highest, len(names))
