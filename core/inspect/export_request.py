"""Records to be taken away, whole: what a reader process is asked by an import, and what it answers.

`RecordListRequest` lists keys, labels and splits without reading images; `ExportRequest` gives records with all that
belongs to them. Nothing is drawn, scaled or shortened: an image is the bytes of its file, or numbers of their own type.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .display import NO_RANGE, Choice
from .field_values import of_told, told
from .reader_request import Answer, Fields, ReaderRequest
from .records import Label

if TYPE_CHECKING:
    from ..base.contracts import Buffer, FieldValue
    from .opened_file import OpenedFile

BATCH_BYTES = 4 << 20
BATCH_SECONDS = 1.0
"""An answer ends with the record that exceeds one of these."""

EXPORT_TIMEOUT = 10.0

ImageData = bytes | np.ndarray[Any, Any]
"""An image file's bytes, or samples (height, width, bands) of bools, integers or floats, upright."""


@dataclass(frozen=True, slots=True)
class ExportedRecord:
    """One record. label: as `Record.label`; class_name: by the file's names of classes, or the label where it is text;
    label_value: in full, where a label is no class (numbers, several labels, text about the image); split: where the
    file says it; image: None with the `problem` in words; images: further ones by name; fields: all else by name;
    notes: what was chosen to have an image (which bands), in sentences."""

    index: int
    key: str
    label: Label = None
    class_name: str | None = None
    label_value: FieldValue = None
    split: str | None = None
    image: ImageData | None = None
    images: Mapping[str, ImageData] = field(default_factory=dict)
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    problem: str | None = None
    notes: tuple[str, ...] = ()

    def to_json(self, blobs: list[Buffer]) -> dict[str, Any]:
        return {
            "index": self.index,
            "key": self.key,
            "label": self.label,
            "class_name": self.class_name,
            "label_value": told(self.label_value, blobs),
            "split": self.split,
            "image": told(self.image, blobs),
            "images": {name: told(value, blobs) for name, value in self.images.items()},
            "fields": {name: told(value, blobs) for name, value in self.fields.items()},
            "problem": self.problem,
            "notes": list(self.notes),
        }

    @classmethod
    def of_json(cls, one: dict[str, Any], blobs: Iterator[bytes]) -> ExportedRecord:
        """The values take their bytes in the order in which `to_json` has put them there."""
        for name in ("label_value", "image"):
            one[name] = of_told(one[name], blobs)
        for name in ("images", "fields"):
            one[name] = {key: of_told(value, blobs) for key, value in one[name].items()}
        return cls(**{**one, "notes": tuple(one["notes"])})


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """What is known of a record without its image; class_name: the text beside its label (`records.Naming`); `problem`:
    why it is left out, where it killed the reader."""

    key: str
    label: Label = None
    split: str | None = None
    class_name: str | None = None
    problem: str = ""


@dataclass(frozen=True)
class ExportRequest(ReaderRequest[list[ExportedRecord]]):
    """The first of these records, in their order, as many as fit an answer's bytes and seconds, at least one.

    image, label, split: the fields that are taken for these; "" for those that the file says or names tell. bands: of
    an image with more, counted from 0 (none: all). fields: with further images and fields. Raises InputError for a
    field that is not there.
    """

    timeout = EXPORT_TIMEOUT
    indices: Sequence[int]
    image: str = ""
    label: str = ""
    split: str = ""
    bands: Sequence[int] | None = None
    fields: bool = True
    most_bytes: int = BATCH_BYTES
    seconds: float = BATCH_SECONDS

    def answer(self, opened: OpenedFile) -> Answer:
        from .exporting import Exporting

        exporting = Exporting(opened.records, self.image, self.label, self.split, self.fields)
        deadline = time.monotonic() + self.seconds
        records: list[dict[str, Any]] = []
        blobs: list[Buffer] = []
        size = 0
        with opened.drawing(Choice(NO_RANGE, None if self.bands is None else tuple(self.bands))):
            for index in self.indices:
                first = len(blobs)
                records.append(exporting.record(opened.position(index, None)).to_json(blobs))
                size += sum(len(blob) for blob in blobs[first:])
                if size >= self.most_bytes or time.monotonic() > deadline:
                    break
        return {"records": records}, blobs

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[ExportedRecord]:
        left = iter(blobs)
        return [ExportedRecord.of_json(dict(one), left) for one in fields["records"]]

    def to_json(self) -> dict[str, Any]:
        bands = None if self.bands is None else list(map(int, self.bands))
        return {**super().to_json(), "indices": list(map(int, self.indices)), "bands": bands}


@dataclass(frozen=True)
class RecordListRequest(ReaderRequest[list[ListedRecord]]):
    """The records start..stop without their images, as many as take about a second, at least one. `label`, `split`: as
    in `ExportRequest`."""

    timeout = EXPORT_TIMEOUT
    start: int
    stop: int
    label: str = ""
    split: str = ""

    def answer(self, opened: OpenedFile) -> Answer:
        from .exporting import Exporting

        exporting = Exporting(opened.records, "", self.label, self.split, False)
        deadline = time.monotonic() + BATCH_SECONDS
        found: list[tuple[str, Label, str | None, str | None]] = []
        for index in range(self.start, self.stop):
            found.append(exporting.listed(index))
            if time.monotonic() > deadline:
                break
        return {"records": found}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[ListedRecord]:
        return [ListedRecord(*one) for one in fields["records"]]


@dataclass(frozen=True)
class LeftOutRequest(ReaderRequest[list[tuple[str, str]]]):
    """(name, what it is) of what is in the file and belongs to no record: other databases, datasets, arrays."""

    timeout = EXPORT_TIMEOUT

    def answer(self, opened: OpenedFile) -> Answer:
        from .exporting import left_out

        return {"left_out": left_out(opened)}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[tuple[str, str]]:
        return [(str(name), str(what)) for name, what in fields["left_out"]]
