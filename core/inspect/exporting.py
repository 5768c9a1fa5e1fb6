"""A record as it is taken away, in the reader process: what `export_request` answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.contracts import FieldValue
from ..base.errors import InputError
from . import search
from .contents.named import DTYPES, SHAPES, as_label
from .describe import class_name
from .export_request import ExportedRecord, ImageData
from .field_values import field_value
from .fields import FieldRecords
from .fields.labels import label_field
from .limits import TOO_MUCH_MEMORY, sentence
from .records import UNREADABLE, Columned, Fielded, Label, NamedImage, Naming, Parted, Record, Records, SeveralInOne
from .schemas.names import split_choice
from .splits import split_of_value
from .values import without_pictures

if TYPE_CHECKING:
    from .opened_file import OpenedFile

LAYOUT = frozenset((*SHAPES, *DTYPES, "compression", "channels", "height", "width", "rows", "cols"))
"""What tells how bare pixels lie in their bytes, which the exported image says itself."""

MOST_FIELDS = 500
MOST_LEFT = 1000


class Exporting:
    """image, label, split: see `ExportRequest`. Raises InputError for a field that no record has."""

    def __init__(self, records: Records, image: str, label: str, split: str, fields: bool) -> None:
        self._records = records
        self._image, self._label, self._split = image, label, split
        self._fields = fields
        self._parted = records if isinstance(records, Parted) else None
        self._naming = records if isinstance(records, Naming) else None
        self._columned = records if fields and isinstance(records, Columned) else None
        for name in filter(None, (label, split)):
            self._check(name)

    def _check(self, name: str) -> None:
        """Whether there can be such a field; one inside of a field ("json.category") by the field's name."""
        known = [str(one) for one in self._records.field_names] if isinstance(self._records, Fielded) else []
        if name not in known and name.partition(".")[0] not in known:
            there = f"its fields are {', '.join(known[:20])}" if known else "its records have no fields"
            raise InputError(f"there is no field {name!r} in this file; {there}")

    # ---- without images

    def listed(self, index: int) -> tuple[str, Label, str | None, str | None]:
        """(key, label, split, the text beside the label); a key that cannot be read is the record's number."""
        with without_pictures():
            return self._key(index), self._label_of(index), self._split_of(index), self._class_name_of(index)

    def _key(self, index: int) -> str:
        try:
            return self._records.key(index)
        except UNREADABLE:
            return f"#{index}"

    def _label_of(self, index: int) -> Label:
        if not self._label:
            return search.label_or_none(self._records, index)
        try:
            return as_label(self._value(index, self._label))
        except UNREADABLE:
            return None

    def _class_name_of(self, index: int) -> str | None:
        try:
            return None if self._label or self._naming is None else self._naming.class_name(index)
        except UNREADABLE:
            return None

    def _split_of(self, index: int) -> str | None:
        try:
            if self._split:
                value = self._value(index, self._split)
                return split_of_value(value) or (None if value is None else str(as_label(value)))
            return None if self._parted is None else self._parted.split(index)
        except UNREADABLE:
            return None

    def _value(self, index: int, name: str) -> Any:
        """A field of a record, read without its images where it can be."""
        assert isinstance(self._records, FieldRecords)
        short = self._records.label_fields(index)
        return at(short, name) if name.partition(".")[0] in short else at(self._records.fields(index), name)

    # ---- whole

    def record(self, index: int) -> ExportedRecord:
        """What cannot be read is its problem."""
        key = self._key(index)
        try:
            with without_pictures():
                return self._whole(index, self._records.read(index))
        except MemoryError:
            return ExportedRecord(index, key, problem=TOO_MUCH_MEMORY)
        except UNREADABLE as error:
            return ExportedRecord(index, key, problem=sentence(error))

    def _whole(self, index: int, record: Record) -> ExportedRecord:
        every = _images_of(record)
        main = self._main(record, every)
        whole = record.whole_fields or {}
        if self._columned is not None:
            columns = self._columned.columns(index)
            every |= {name: value for name, value in columns.items() if name not in every and _is_beside(value, record)}
            whole = {**columns, **whole}
        named = self._label or self._named_label(whole, every, record.label)
        label, value = record.label, record.label_value
        if self._label:
            label = as_label(at(whole, self._label))
        if value is None and named is not None and named.partition(".")[0] in whole:
            value = at(whole, named)
        image = every.get(main) if main is not None else None
        problem = record.problem if image is None or record.problem is not None else None
        return ExportedRecord(
            index,
            record.key,
            label,
            class_name(label, self._records),
            _beyond(label, value),
            self._split_of(index),
            image if problem is None else None,
            {name: one for name, one in every.items() if name != main} if self._fields else {},
            self._further(whole, every, main, named) if self._fields else {},
            problem or (None if image is not None else _no_image(record)),
            record.notes if isinstance(image, np.ndarray) else (),
        )

    def _main(self, record: Record, every: Mapping[str, ImageData]) -> str | None:
        if not self._image:
            return record.image_name or ""
        if self._image not in every:
            there = ", ".join(filter(None, every)) or "it has none that have a name"
            raise ValueError(f"there is no image {self._image!r} in it; its images: {there}")
        return self._image

    def _named_label(self, whole: Mapping[str, Any], images: Mapping[str, Any], label: Label) -> str | None:
        """The field that the label is in, for sure: a caption beside a class number is another field."""
        if isinstance(self._records, FieldRecords) and self._records.declared.label is not None:
            return self._records.declared.label
        named = label_field(whole, images)
        return named if named is not None and as_label(whole[named]) == label else None

    def _further(
        self, whole: Mapping[str, Any], every: Mapping[str, ImageData], main: str | None, label: str | None
    ) -> dict[str, FieldValue]:
        """The fields beside images, label and split."""
        taken = {part for name in every for part in (name, name.partition("[")[0], *name.split("+"))}
        taken |= {name for name in (label, self._split) if name}
        bare = isinstance(every.get(main or ""), np.ndarray)
        left = {
            str(name): value
            for name, value in whole.items()
            if name not in taken and not (bare and str(name).lower() in LAYOUT)
        }
        return {name: field_value(value) for name, value in list(left.items())[:MOST_FIELDS]}


def at(fields: Mapping[str, Any], name: str) -> Any:
    """A field by its name; "json.category" is one inside of the field json. None where it is not there."""
    if name in fields:
        return fields[name]
    first, _, rest = name.partition(".")
    inner = fields.get(first)
    return at(inner, rest) if rest and isinstance(inner, Mapping) else None


def _images_of(record: Record) -> dict[str, ImageData]:
    """All images of a record that can be read, by name; the main one of a record without names is called ""."""
    found: dict[str, ImageData] = {}
    named: list[tuple[str, Record | NamedImage]] = [(record.image_name or "", record)]
    named += [(image.name, image) for image in record.images if image.problem is None]
    for name, one in named:
        data = _data(one)
        if data is not None:
            found[name] = data
    return found


def _data(one: Record | NamedImage) -> ImageData | None:
    if one.file is not None:
        return bytes(one.file)
    if one.array is not None:
        return one.array
    return one.pixels if one.pixels is not None and one.pixels.size else None


def _beyond(label: Label, value: Any) -> FieldValue:
    """The label in full where `label` is none of a class: floats, several numbers or texts."""
    if value is None or isinstance(value, int | np.integer | bytes) or (isinstance(value, str) and value == label):
        return None
    found = field_value(value)
    if isinstance(found, np.ndarray) and isinstance(label, int) and found.size == 1:
        return None
    return None if isinstance(found, str) and found == label else found


def _is_beside(value: Any, record: Record) -> bool:
    """Whether bytes or bools lie pixel by pixel beside the image: a mask, another camera."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "bu" or value.dtype.itemsize > 1:
        return False
    shape = None if record.array is None else record.array.shape[:2]
    return value.ndim in (2, 3) and value.shape[:2] == shape and (value.ndim == 2 or value.shape[2] in (1, 3))


def _no_image(record: Record) -> str:
    """Why a record without image and without a problem gives none."""
    if record.shape and record.dtype:
        return f"it holds no image, but {record.dtype} of shape {' x '.join(map(str, record.shape))}"
    told = record.text or record.encoding
    return f"it holds no image: {' '.join(told.split())[:200]}"


def left_out(opened: OpenedFile) -> list[tuple[str, str]]:
    """What is in a file and is not exported: databases other than the one that is read, and what its records say."""
    found = list(opened.records.left_out()) if isinstance(opened.records, Columned) else []
    if isinstance(opened.file, SeveralInOne) and opened.file.databases:
        read = split_choice(opened.schema)[1] or ""
        found += [(name, "another database of the file") for name in opened.file.databases if name != read]
    return found[:MOST_LEFT]
