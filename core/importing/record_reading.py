"""Reading the records that were listed, class by class: one request ahead of whoever decodes and writes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ..base.contracts import FieldValue, Place, Skipped
from ..base.source_contracts import FoundImage
from ..images.array_files import as_image_file
from ..inspect.export_request import ExportedRecord, ImageData
from ..inspect.values import image_encoding
from ..sources.spread import cells_in_turn, in_turn, spread
from .open_parts import OpenPart
from .record_listing import RecordListing, RecordToRead
from .record_places import RecordPlaces
from .record_spool import RecordSpool

CHUNK_BYTES = 8 << 20
CHUNK_RECORDS = 512
"""What is asked of a reader while the records before are decoded and written: about so many bytes."""

AHEAD = 2

DRAWN_AT_ONCE = 32

_ENDINGS = {"jpeg": ".jpg", "tiff": ".tif", "jpeg2000": ".jp2"}


@dataclass
class RecordReading:
    """label: the field that takes labels which are no classes, "" where they are; reference: images stay where they
    are; spool: what was kept of the parts `dear`; places: where image files lie bare; named_by: fields that are no more
    than the names of classes."""

    parts: Sequence[OpenPart]
    listing: RecordListing
    label: str = ""
    reference: bool = False
    spool: RecordSpool | None = None
    dear: frozenset[int] = frozenset()
    places: RecordPlaces | None = None
    named_by: frozenset[str] = frozenset()

    def images(self, splits: Sequence[str], classes: Sequence[str]) -> Iterator[FoundImage | Skipped]:
        """All records, split by split and class by class."""
        chunks = self._chunks(splits, classes)
        waiting: deque[tuple[list[RecordToRead], Future[list[ExportedRecord]]]] = deque()
        with ThreadPoolExecutor(1) as pool:
            while True:
                while len(waiting) < AHEAD and (chunk := next(chunks, None)) is not None:
                    waiting.append((chunk, pool.submit(self._read, chunk)))
                if not waiting:
                    return
                wanted, found = waiting.popleft()
                yield from self._found(wanted, found.result())

    def drawn(self, splits: Sequence[str], classes: Sequence[str], count: int) -> Iterator[FoundImage | Skipped]:
        """Up to `count`: the first record of each split and class, then the second."""
        filled = self.listing.cells()
        cells = spread([cell for cell in cells_in_turn(splits, classes) if cell in filled], count)
        each = -(-count // max(len(cells), 1))
        left = in_turn([self.listing.records(split, [name], each) for split, name in cells], count)
        while some := list(islice(left, DRAWN_AT_ONCE)):
            parts: dict[int, list[RecordToRead]] = {}
            for record in some:
                parts.setdefault(record.part, []).append(record)
            found = {
                (part, number): one
                for part, wanted in parts.items()
                for number, one in zip(*self._in_order(wanted), strict=True)
            }
            yield from filter(None, (found.get((record.part, record.number)) for record in some))

    def _in_order(self, wanted: Sequence[RecordToRead]) -> tuple[list[int], list[FoundImage | Skipped]]:
        """Numbers of records of one part, and what they hold."""
        read = self._read(wanted)
        return [one.index for one in read], list(self._found(wanted, read))

    def _chunks(self, splits: Sequence[str], classes: Sequence[str]) -> Iterator[list[RecordToRead]]:
        """The records in the order of the dataset, some of one part at a time."""
        chunk: list[RecordToRead] = []
        sizes = [_size(one.image) for part in self.parts for one in part.samples if one.image is not None]
        most = max(1, min(CHUNK_RECORDS, CHUNK_BYTES // max(1, sum(sizes) // max(1, len(sizes)))))
        for split in splits:
            for record in self.listing.records(split, classes):
                if chunk and (record.part != chunk[0].part or len(chunk) >= most):
                    yield chunk
                    chunk = []
                chunk.append(record)
        if chunk:
            yield chunk

    def _read(self, chunk: Sequence[RecordToRead]) -> list[ExportedRecord]:
        part, numbers = chunk[0].part, [record.number for record in chunk]
        if self.spool is not None and part in self.dear:
            return self.spool.read(part, numbers)
        return list(self.parts[part].export.records(numbers))

    def _found(self, wanted: Sequence[RecordToRead], found: Sequence[ExportedRecord]) -> Iterator[FoundImage | Skipped]:
        records = {record.number: record for record in wanted}
        for one in found:
            record = records.get(one.index)
            origin = f"{self.parts[wanted[0].part].called} {one.key}"
            if record is None or one.image is None:
                yield Skipped(origin, one.problem or "it holds no image")
                continue
            try:
                data, ending = as_file(one.image, small=not self.reference)
            except ValueError as error:
                yield Skipped(origin, str(error))
                continue
            place = self._place(record, data) if self.reference else None
            name = f"{record.name}{ending}"
            yield FoundImage(record.split, record.class_name, name, data, origin, self._fields(one), place)

    def _place(self, record: RecordToRead, data: bytes) -> Place:
        """Where a record's image is read from later: the bytes of its file, else the record."""
        found = None if self.places is None else self.places.place(record.part, record.number, data)
        return found or Place(record.part, record=record.number)

    def _fields(self, one: ExportedRecord) -> dict[str, FieldValue]:
        told = one.fields.items()
        fields = {name: value for name, value in told if value is not None and name not in self.named_by}
        fields.update((name, as_file(image, small=True)[0]) for name, image in one.images.items())
        label: FieldValue = one.label if one.label_value is None else one.label_value
        return {**fields, **({self.label: label} if self.label and label is not None else {})}


def as_file(image: ImageData, small: bool) -> tuple[bytes, str]:
    """(bytes of an image file, its ending). Raises ValueError for an array that is no image."""
    if isinstance(image, bytes):
        encoding = image_encoding(image) or "img"
        return image, _ENDINGS.get(encoding, f".{encoding}")
    return as_image_file(image, small)


def _size(image: ImageData | None) -> int:
    return image.nbytes if isinstance(image, np.ndarray) else len(image or b"")
