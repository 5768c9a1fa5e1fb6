"""Image records, as MXNet's `im2rec` and InsightFace write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ..display_range import evenly
from ..fields import Declared, FieldRecords
from ..records import UNREADABLE, Finding
from .beside import list_beside
from .file import RecordIoFile
from .header import HEADER, ImageHeader, header_of, is_image_record, objects_of, plain
from .parts import end_at

LOOKED_AT = 24
MOST_LABELS = 1 << 16
LABELS_READ = HEADER.size + 4 * 4096
EXACT = 1 << 24
"""float32 holds whole numbers up to here."""


class KeyedRecords(FieldRecords):
    """Records by their key in the `.idx`, else by their number in the file."""

    kind: ClassVar[str] = "recordio"
    file: RecordIoFile

    def __init__(self, file: RecordIoFile, why: str, declared: Declared, places: np.ndarray[Any, Any]) -> None:
        """`places`: int64 (n,), which of the file's records are samples."""
        super().__init__(file, why, declared)
        self.places = places
        self.starts = file.starts

    def __len__(self) -> int:
        return len(self.places)

    def start(self, index: int) -> int:
        """Where a record begins."""
        return int(self.starts[self.places[index]])

    def key(self, index: int) -> str:
        place = int(self.places[index])
        if self._keys is None:
            return str(place)
        key = int(self._keys[place])
        return str(key) if self._unique else f"{key}@{int(self.starts[place])}"

    def find(self, key: str) -> int | None:
        text = key.partition("@")[0]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            return None
        number = int(text)
        keys = self.places if self._keys is None else self._keys[self.places]
        found = np.flatnonzero(keys == number).tolist()
        return next((index for index in found if key in (text, self.key(index))), None)

    def stored_bytes(self, index: int) -> int | None:
        start = self.start(index)
        return max(end_at(self.file.data, start) - start, 0)

    @cached_property
    def _keys(self) -> np.ndarray[Any, Any] | None:
        return self.file.index.keys if self.file.index is not None and self.file.keyed else None

    @cached_property
    def _unique(self) -> bool:
        ordered = np.sort(self._keys) if self._keys is not None else self.places[:0]
        return not bool(np.any(ordered[1:] == ordered[:-1]))


class ImageRecords(KeyedRecords):
    """Header, labels, and an image file or array."""

    @classmethod
    def recognise(cls, file: RecordIoFile) -> ImageRecords | None:
        starts = file.starts
        places = np.arange(len(starts), dtype=np.int64)
        identities = _identities(file, starts)
        if identities is not None:
            places = places[1:][_with_image(file, starts)[1:]] if len(starts) > 1 else places[:0]
        looked = [_looks_right(file, int(starts[places[place]])) for place in evenly(len(places), LOOKED_AT)]
        if looked and 2 * sum(looked) < len(looked):
            return None
        why = "records hold image files behind MXNet's header"
        if identities is not None:
            why += ", and the first one says where the images end and the identities begin, as InsightFace writes it"
        said = "the label stands in the header, or behind it where there are several"
        return cls(file, why, Declared(image="image", label="label", said=said), places, identities)

    def __init__(
        self,
        file: RecordIoFile,
        why: str,
        declared: Declared,
        places: np.ndarray[Any, Any],
        identities: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(file, why, declared, places)
        self.identities = identities
        self._listed = list_beside(file.path)
        self.findings = self._of_identities()

    def fields(self, index: int) -> Mapping[str, Any]:
        payload = self.file.payload(self.start(index))
        header = header_of(payload)
        if header is None:
            raise ValueError(f"byte {self.start(index):,}: the record is too short for MXNet's header and its labels")
        image = payload[header.size :]
        return {"image": image or None, **self._beside(header)}

    def label_fields(self, index: int) -> Mapping[str, Any]:
        head = self.file.head(self.start(index), LABELS_READ)
        header = header_of(head)
        return self.fields(index) if header is None else self._beside(header)

    def record_findings(self, index: int) -> Sequence[Finding]:
        header = header_of(self.file.head(self.start(index), LABELS_READ))
        listed = None if header is None or self._listed is None else self._listed.named(header.id)
        if header is None or listed is None or not listed[0]:
            return ()
        if len(listed[0]) == len(header.labels) and np.allclose(listed[0], header.labels, equal_nan=True):
            return ()
        told = "the record has other labels than the line of the .lst with its number"
        return (Finding("label-differs", 1, self.key(index), told, "pack the images again, or correct the list"),)

    def _beside(self, header: ImageHeader) -> dict[str, Any]:
        """The fields beside the image."""
        things = objects_of(header.labels) if header.several else None
        fields: dict[str, Any] = {}
        if things is not None:
            fields["boxes"] = things[:, 1:5]
            fields["classes"] = things[:, 0].astype(np.int64)
            fields["further"] = things[:, 5:] if things.shape[1] > 5 else None
        elif header.labels.size > MOST_LABELS:
            fields["labels"] = header.labels
        elif header.several and self.identities is not None and header.labels.size:
            fields["label"] = plain(header.labels[:1])  # the identity, as InsightFace's own loader takes it
            fields["labels"] = plain(header.labels) if header.labels.size > 1 else None
        elif header.labels.size:
            fields["label"] = plain(header.labels)
        fields |= {"id": header.id, "id2": header.id2 or None}
        listed = None if self._listed is None else self._listed.named(header.id)
        fields["path"] = None if listed is None else listed[1]
        return {name: value for name, value in fields.items() if value is not None}

    def _of_identities(self) -> list[Finding]:
        """Where InsightFace's first record disagrees with the file."""
        if self.identities is None:
            return []
        first, last = self.identities
        if first - 1 == len(self) or (first >= EXACT and abs(first - 1 - len(self)) <= first // EXACT + 1):
            return []
        where = (
            f"images 1 to {first - 1:,} and identities {first:,} to {last - 1:,} are said; {len(self):,} have an image"
        )
        told = "InsightFace's loader takes the images by these numbers, and would miss some or ask for others"
        return [Finding("identities-differ", 1, where, told, "copy the file again, or pack it again")]


def _looks_right(file: RecordIoFile, start: int) -> bool:
    try:
        return is_image_record(file.head(start, LABELS_READ))
    except UNREADABLE:
        return False


def _identities(file: RecordIoFile, starts: np.ndarray[Any, Any]) -> tuple[int, int] | None:
    """(first, behind the last) number of the records of identities, from the first record of InsightFace's files: two
    labels and no image."""
    if not len(starts):
        return None
    try:
        payload = file.head(int(starts[0]), 64)
    except UNREADABLE:
        return None
    header = header_of(payload)
    if header is None or len(header.labels) != 2 or len(payload) != header.size or not header.several:
        return None
    first, last = header.labels.tolist()
    whole = float(first).is_integer() and float(last).is_integer() and 1 <= first <= last < 1 << 53
    return (int(first), int(last)) if whole else None


def _with_image(file: RecordIoFile, starts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which records are longer than a header with two labels, bool (n,): those of identities are not. Told by where the
    next one begins, since the numbers in the first record are float32 and not exact from 2 to the 24th on."""
    order = np.argsort(starts, kind="stable")
    stops = np.concatenate([starts[order][1:], [len(file.data)]])
    found = np.empty(len(starts), bool)
    found[order] = stops - starts[order] > 8 + HEADER.size + 8
    return found
