"""Records of a file of named arrays: a sample each, where arrays tell of the same samples; else an array each."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from ...base import contracts
from ..contents.content import of_array
from ..contents.objects import as_text
from ..display import Choice
from ..fields import Declared, FieldRecords
from ..hdf5.name_hints import CLASS_NAME_WORDS, SPLITS, label_rank, split_of, words
from ..hdf5.values import record_of_values
from ..records import Finding, Label, ReadCost, Record
from .array import MOST_BYTES, NamedArray, TextColumn
from .keys import place_in
from .labels import SVHN_CLASSES, is_svhn, one_based, svhn_digit
from .roles import ArrayGroup, groups_of

if TYPE_CHECKING:
    from ..places.arrays import ImageRow
    from ..places.form import ImagePlaces

MOST_VALUES = 1 << 20
"""Numbers of an array that are looked at where it is a record of its own."""

MOST_FRAMES = 16
MOST_LEFT = 200
MOST_DOUBTS = 3


class ArraysFile(Protocol):
    """A `File` whose content is named arrays. `others`: what is no array, plain data by name; `said`: what told its
    kind; `model`: how it is told that these are the weights of a model, or None; `doubts`: why arrays of the shape of
    images are none, `read_cost`: of one sample, as they are found out."""

    kind: ClassVar[str]
    choice: Choice
    arrays: Sequence[NamedArray]
    others: Mapping[str, Any]
    said: str
    model: str | None
    doubts: dict[str, str]
    read_cost: ReadCost | None

    def structure(self) -> Mapping[str, Any]: ...

    def warnings(self) -> list[str]: ...


class ArraySamples(FieldRecords):
    """A record for each sample: its image, its label, and what else there is of as many. Several splits follow each
    other. Keys are `images[5]`, by the name of the array."""

    kind: ClassVar[str] = "arrays"

    def __init__(self, file: ArraysFile, groups: Sequence[ArrayGroup]) -> None:
        self.arrays_file = file
        self._groups = groups
        self._ends = list(accumulate(group.count for group in groups))
        first = groups[0]
        images = [self._called(one.array.name) for one in first.images]
        label = None if first.label is None else self._called(first.label)
        declared = Declared(
            image=images[0] if images else None, images=tuple(images[1:]), label=label, said=self._said(), exact=True
        )
        super().__init__(file, file.said, declared)
        file.read_cost = self._read_cost()
        self._find_classes(file)
        self._tell_labels()
        self.warnings += _told(file.doubts)

    @classmethod
    def recognise(cls, file: ArraysFile) -> ArraySamples | None:
        if file.model is not None:
            return None
        groups = groups_of(file.arrays, file.doubts)
        return cls(file, groups) if groups else None

    def __len__(self) -> int:
        return self._ends[-1]

    def key(self, index: int) -> str:
        group, place = self._place(index)
        return f"{group.called}[{place}]"

    def find(self, key: str) -> int | None:
        start = 0
        for group, end in zip(self._groups, self._ends, strict=True):
            place = place_in(key, group.called, group.count)
            if place is not None:
                return start + place
            start = end
        return None

    @property
    def probed(self) -> int:
        """Those of the first group that are reached soon."""
        return min([len(self), *(one.array.near(one.axis) for one in self._groups[0].images)])

    def fields(self, index: int) -> Mapping[str, Any]:
        group, place = self._place(index)
        fields: dict[str, Any] = {}
        for one in group.images:
            frames = one.frames(place, MOST_FRAMES)
            fields[self._called(one.array.name)] = frames[0] if len(frames) == 1 else frames
        return {**fields, **self.label_fields(index)}

    def split(self, index: int) -> str | None:
        """By the names of the arrays, or of the batch that they are in."""
        group, _ = self._place(index)
        return group.split or split_of(group.called) or super().split(index)

    def columns(self, index: int) -> Mapping[str, Any]:
        return {}

    def left_out(self) -> Sequence[tuple[str, str]]:
        """The arrays that belong to no sample."""
        taken = {name for group in self._groups for name in group.names}
        left = [(array.name, f"an array of shape {array.shape}, {array.dtype}") for array in self.arrays_file.arrays]
        others = [(name, "no array of numbers") for name in self.arrays_file.others]
        return [pair for pair in (*left, *others) if pair[0] not in taken][:MOST_LEFT]

    def label_fields(self, index: int) -> Mapping[str, Any]:
        group, place = self._place(index)
        return {self._called(name): array.row(axis, place) for name, (array, axis) in group.columns.items()}

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.arrays import ArrayPlaces

        return ArrayPlaces(self, super().image_places(path, labelled), path, labelled)

    def image_row(self, index: int) -> ImageRow | None:
        """See `places.arrays.OfRows`."""
        from ..places.arrays import ImageRow

        group, place = self._place(index)
        one = group.images[0] if group.images else None
        if one is None or not one.is_one or not one.array.is_numbers:
            return None
        name, values = self._called(one.array.name), one.array.row(one.axis, place)
        return ImageRow(one.array.name, values, lambda other: {name: one.frames_of(other)[0]}, self.file_of(group))

    def file_of(self, group: ArrayGroup) -> str:
        """The name of the file that a group lies in, where a folder is opened."""
        return ""

    def stored_bytes(self, index: int) -> int | None:
        group, _ = self._place(index)
        arrays = [*(one.array for one in group.images), *(array for array, _ in group.columns.values())]
        return sum(array.stored_bytes for array in arrays) // max(group.count, 1)

    def numbers(self) -> contracts.Labels | None:
        return self._numbers

    @cached_property
    def _numbers(self) -> contracts.Labels | None:
        """None where some sample has no class number."""
        found = [_class_numbers(group) for group in self._groups]
        told = [one for one in found if one is not None]
        return np.concatenate(told) if len(told) == len(found) else None

    def _place(self, index: int) -> tuple[ArrayGroup, int]:
        """The group of a record, and its place in it."""
        number = bisect.bisect_right(self._ends, index)
        if not 0 <= number < len(self._groups) or index < 0:
            raise ValueError(f"there is no record {index}")
        return self._groups[number], index - (self._ends[number - 1] if number else 0)

    def _called(self, name: str) -> str:
        """A field's name: the last part of the array's; of several splits without the word of the split, so that it is
        the same in all of them."""
        leaf = name.rpartition("/")[2]
        if len(self._groups) < 2:
            leaves = [one.rpartition("/")[2] for one in self._groups[0].names]
            return leaf if len(set(leaves)) == len(leaves) else name
        for part in (leaf, name):
            left = [word for word in words(part) if word not in SPLITS]
            if left:
                return "_".join(left)
        return name

    def _said(self) -> str:
        first, further = self._groups[0], len(self._groups) - 1
        told = [one.told() for one in first.images[:1]]
        told += [f"{first.label} has the labels"] if first.label is not None else []
        told += [f"{further} more group{'s' if further > 1 else ''} of arrays like these"] if further else []
        return "; ".join(told)

    def _read_cost(self) -> ReadCost:
        group = self._groups[0]
        read = [(one.array, one.axis) for one in group.images] + list(group.columns.values())
        touched = sum(array.touched_bytes(axis) for array, axis in read)
        own = sum(array.row_bytes(axis) for array, axis in read)
        said = "the sample's own numbers" if touched == own else "what is inflated to reach the sample's numbers"
        return ReadCost(touched, own, said, len(read))

    def _find_classes(self, file: ArraysFile) -> None:
        numbers = self._numbers
        if numbers is None or numbers.size == 0:
            return
        highest, lowest = int(numbers.max()), int(numbers.min())
        for name, texts in class_names(file):
            if len(texts) > highest and lowest >= 0:
                self.classes = texts
            elif lowest == 1 and len(texts) == highest:
                self.classes = ["(none)", *texts]
            if self.classes is not None:
                self.declared = replace(self.declared, label_note=f"{name} has the names of the classes")
                return

    def _tell_labels(self) -> None:
        numbers, label = self._numbers, self._groups[0].label
        if numbers is None or label is None:
            return
        images = self._groups[0].images
        if images and is_svhn(images[0].array.name, images[0].array.shape, label, numbers):
            self.classes = SVHN_CLASSES
            self.findings.append(svhn_digit(numbers, label))
        else:
            self.findings += one_based(numbers, label)


def _told(doubts: Mapping[str, str]) -> list[str]:
    return [f"{name} is not shown as images: {why}" for name, why in list(doubts.items())[:MOST_DOUBTS]]


def class_names(file: ArraysFile) -> list[tuple[str, list[str]]]:
    """Lists of texts that are called like names of classes, the surest name first."""
    found: list[tuple[int, str, list[str]]] = []
    for name, texts in _lists_of_texts(file):
        called = "_".join(words(name.rpartition("/")[2]))
        if called in CLASS_NAME_WORDS and len(set(texts)) == len(texts):
            found.append((CLASS_NAME_WORDS.index(called), name, texts))
    return [(name, texts) for _, name, texts in sorted(found)]


def _lists_of_texts(file: ArraysFile) -> list[tuple[str, list[str]]]:
    found = [(array.name, list(array.texts)) for array in file.arrays if isinstance(array, TextColumn)]
    for name, value in file.others.items():
        if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
            found.append((name, list(value)))
    return found


def _class_numbers(group: ArrayGroup) -> contracts.Labels | None:
    if group.label is None:
        return None
    array, axis = group.columns[group.label]
    if not array.is_numbers or array.size * array.dtype.itemsize > MOST_BYTES >> 2:
        return None
    try:
        values = np.moveaxis(array.rows(axis, 0, group.count), axis, 0).reshape(group.count, -1)
    except ValueError:
        return None
    if values.shape[1] > 1:
        return _one_hot(values)
    column = values[:, 0]
    whole = column.dtype.kind in "biu" or bool((np.isfinite(column) & (np.rint(column) == column)).all())
    return column.astype(np.int64) if whole and (column.size == 0 or abs(float(column.max())) < 2**53) else None


def _one_hot(values: np.ndarray[Any, Any]) -> contracts.Labels | None:
    hot = bool(np.isin(values, (0, 1)).all()) and bool((np.count_nonzero(values, axis=1) == 1).all())
    return values.argmax(axis=1).astype(np.int64) if hot else None


# ---------------------------------------------------------------- a record for each array


class SingleArrays:
    """A record for each array and each other value: a picture where it is one by itself, else its numbers."""

    kind: ClassVar[str] = "arrays"

    def __init__(self, file: ArraysFile) -> None:
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self.findings: list[Finding] = []
        self.file = file
        self._arrays = {array.name: array for array in file.arrays}
        self._names = [*self._arrays, *(name for name in file.others if name not in self._arrays)]
        self._places = {name: place for place, name in enumerate(self._names)}
        told = [file.model or "no array is many images; each is listed with its numbers", *_told(file.doubts)]
        self.why = "; ".join([file.said, *told])
        for array in file.arrays:
            self._look_at_labels(array)

    @classmethod
    def recognise(cls, file: ArraysFile) -> SingleArrays | None:
        return cls(file)

    def __len__(self) -> int:
        return len(self._names)

    def key(self, index: int) -> str:
        return self._names[index]

    def find(self, key: str) -> int | None:
        return self._places.get(key)

    def label(self, index: int) -> Label:
        return None

    def numbers(self) -> contracts.Labels | None:
        return None

    def read(self, index: int) -> Record:
        name = self._names[index]
        array = self._arrays.get(name)
        if array is None:
            return _of_value(name, self.file.others[name])
        if self.file.model is None and 2 <= len(array.shape) <= 3 and array.size <= MOST_VALUES << 6:
            picture = self._picture(array)
            if picture is not None:
                return picture
        if isinstance(array, TextColumn):
            return _of_value(name, array.texts)
        values = array.first(MOST_VALUES)
        if values.size == array.size:
            values = values.reshape(array.shape)
        record = record_of_values(name, None, values, array.stored_bytes, "array", array.size)
        return replace(record, shape=array.shape, dtype=str(array.dtype))

    def _picture(self, array: NamedArray) -> Record | None:
        if not array.is_numbers:
            return None
        values = array.rows(0, 0, array.shape[0])
        content = of_array("array", values, b"")
        if not content.is_image or content.array is None:
            return None
        payload = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
        return Record(
            array.name, None, "raw", payload, content.pixels, array.shape, str(array.dtype), array.stored_bytes,
            array=content.array,
        )  # fmt: skip

    def _look_at_labels(self, array: NamedArray) -> None:
        """Whether labels that stand by themselves count from 1."""
        alone = array.dtype.kind in "iuf" and label_rank(array.name) and array.size == max(array.shape, default=0)
        if not alone or array.size < 2 or array.size > MOST_VALUES or self.file.model is not None:
            return
        try:
            values = array.first(array.size)
        except ValueError:
            return
        if values.dtype.kind in "iu" or bool((np.rint(values) == values).all()):
            self.findings += one_based(values.astype(np.int64), array.name)


def _of_value(name: str, value: Any) -> Record:
    text = value if isinstance(value, str) else as_text(value)
    return Record(name, None, "text" if isinstance(value, str) else "value", text.encode()[:4096], text=text)
