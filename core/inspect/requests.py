"""What a reader process can be asked: each request is one class, which says its arguments, how the reader answers it
from an open file, and what the caller makes of the answer.

`files.InspectedFile` has a method for each; `reader` looks the class up by its name.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.contracts import Labels, Pixels
from ..base.errors import InputError
from . import search
from .arrays import flat
from .display import Choice
from .export_request import ExportRequest as ExportRequest
from .export_request import LeftOutRequest as LeftOutRequest
from .export_request import RecordListRequest as RecordListRequest
from .findings import merged, of_json
from .index_requests import IndexArraysRequest as IndexArraysRequest
from .index_requests import IndexStepRequest as IndexStepRequest
from .place_requests import ImageBytesRequest as ImageBytesRequest
from .place_requests import ImagePlacesRequest as ImagePlacesRequest
from .reader_request import REQUESTS as REQUESTS
from .reader_request import Answer, Fields, ReaderRequest
from .records import Chunked, Finding, Label, Paged
from .search import Census, Wanted
from .small_pictures import read_small

if TYPE_CHECKING:
    from .opened_file import OpenedFile

DEFAULT = Choice()
SCAN_SECONDS = 1.0

SCAN_TIMEOUT = 10.0
"""Seconds that a second of scanning may take; what needs more hangs."""

AHEAD = 64
"""Records of a scan that are fetched together where a file lies at an address."""

LABELS_TIMEOUT = 60.0

Bad = dict[str, str]
"""A record that does not decode: its `key`, and the `reason`."""


@dataclass(frozen=True, slots=True)
class InspectedSample:
    """One record as it came from the reader: `about` is the JSON of headless `sample`, `head` its first bytes;
    `further`: the pixels of its further images, in the order of `about["further"]`."""

    about: dict[str, Any]
    head: bytes
    pixels: Pixels | None
    further: tuple[Pixels | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One record of a grid: `about` as in `InspectedSample`, and its pixels made small."""

    about: dict[str, Any]
    pixels: Pixels | None


def _shaped(blob: bytes, shape: Sequence[int] | None) -> Pixels | None:
    return None if shape is None else np.frombuffer(blob, np.uint8).reshape(shape)


@dataclass(frozen=True)
class SummaryRequest(ReaderRequest[dict[str, Any]]):
    """kind, schema, why, entries, keys (the first few), classes, structure, warnings, schemas."""

    def answer(self, opened: OpenedFile) -> Answer:
        return opened.summary(), []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> dict[str, Any]:
        return dict(fields)


@dataclass(frozen=True)
class EntriesRequest(ReaderRequest[int]):
    """How many records there are, without what else there is to say about the file."""

    def answer(self, opened: OpenedFile) -> Answer:
        return {"entries": len(opened.records)}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> int:
        return int(fields["entries"])


@dataclass(frozen=True)
class FindingsRequest(ReaderRequest[list[Finding]]):
    """What is known to be wrong with the file, before its records are read one by one."""

    def answer(self, opened: OpenedFile) -> Answer:
        return {"findings": [finding.to_json() for finding in opened.findings()]}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[Finding]:
        return of_json(fields["findings"])


@dataclass(frozen=True)
class SampleRequest(ReaderRequest[InspectedSample]):
    """One record by index (negative from the end) or key, drawn as `choice` says, and its payload's first bytes.

    Where a `box` is given, in pixels, its pictures are made to fit a square of that edge (never made larger).
    Raises InputError where there is none.
    """

    index: int | None = None
    key: str | None = None
    choice: Choice = DEFAULT
    box: int | None = None

    def answer(self, opened: OpenedFile) -> Answer:
        position = opened.position(self.index, self.key)
        with opened.drawing(self.choice):
            if self.box is not None:
                return opened.described(*read_small(lambda: opened.records.read(position), self.box))
            return opened.described(opened.records.read(position))

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> InspectedSample:
        about = dict(fields)
        first, *others = about.pop("drawn")
        further = tuple(_shaped(blob, shape) for blob, shape in zip(blobs[2:], others, strict=True))
        return InspectedSample(about, blobs[0], _shaped(blobs[1], first), further)


@dataclass(frozen=True)
class PayloadRequest(ReaderRequest[bytes]):
    """All bytes of one record, as they lie in the file."""

    index: int

    def answer(self, opened: OpenedFile) -> Answer:
        return {}, [opened.records.read(opened.position(self.index, None)).payload]

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> bytes:
        return bytes(blobs[0])


@dataclass(frozen=True)
class FindRequest(ReaderRequest[int | None]):
    """The index of a key, or None."""

    key: str

    def answer(self, opened: OpenedFile) -> Answer:
        return {"index": opened.records.find(self.key)}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> int | None:
        return None if fields["index"] is None else int(fields["index"])


@dataclass(frozen=True)
class LabelsRequest(ReaderRequest[list[Label]]):
    """The labels of records start..stop, None for those that cannot be read."""

    timeout = LABELS_TIMEOUT
    start: int
    stop: int

    def answer(self, opened: OpenedFile) -> Answer:
        labels = [search.label_or_none(opened.records, index) for index in range(self.start, self.stop)]
        return {"labels": labels}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[Label]:
        return list(fields["labels"])


@dataclass(frozen=True)
class NumbersRequest(ReaderRequest[Labels | None]):
    """The class numbers of all records, int64 (n,), where the file keeps them together; else None."""

    def answer(self, opened: OpenedFile) -> Answer:
        numbers = opened.numbers
        return {}, [] if numbers is None else [np.ascontiguousarray(numbers, "<i8").tobytes()]

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> Labels | None:
        return np.frombuffer(blobs[0], "<i8") if blobs else None


@dataclass(frozen=True)
class CensusRequest(ReaderRequest[Census]):
    """How often each label occurs; sampled where counting all of them takes longer than `seconds`."""

    timeout = LABELS_TIMEOUT
    seconds: float = 1.0

    def answer(self, opened: OpenedFile) -> Answer:
        return dataclasses.asdict(search.census(opened.records, opened.numbers, self.seconds)), []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> Census:
        return Census(**{**fields, "counts": [(label, count) for label, count in fields["counts"]]})


@dataclass(frozen=True)
class MatchingRequest(ReaderRequest[tuple[Labels, int]]):
    """(positions, end): which of the records start..end match, int64; `end` is less than the number of records where
    the time was up, or `most` were found, before."""

    timeout = LABELS_TIMEOUT
    wanted: Wanted
    start: int = 0
    seconds: float = 1.0
    most: int = 100_000

    def answer(self, opened: OpenedFile) -> Answer:
        found, end = search.matching(
            opened.records, opened.numbers, self.wanted, self.start, self.seconds, self.most, opened.keys
        )
        return {"end": end}, [found.astype("<i8").tobytes()]

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> tuple[Labels, int]:
        return np.frombuffer(blobs[0], "<i8"), int(fields["end"])


@dataclass(frozen=True)
class EncodedSizesRequest(ReaderRequest[list[dict[str, int]]]):
    """Sizes of some images in other encodings, see `size_estimate.encoded_sizes`; for `size_estimate.estimates`."""

    indices: Sequence[int]
    seconds: float = 2.0

    def answer(self, opened: OpenedFile) -> Answer:
        from .size_estimate import encoded_sizes

        return {"rows": encoded_sizes(opened.records, self.indices, self.seconds)}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[dict[str, int]]:
        return list(fields["rows"])

    def to_json(self) -> dict[str, Any]:
        return {"indices": list(map(int, self.indices)), "seconds": self.seconds}


@dataclass(frozen=True)
class ChunkMapRequest(ReaderRequest[dict[str, Any]]):
    """Where an HDF5 dataset lies in its file, see `records.Chunked`. Raises InputError for anything else."""

    name: str

    def answer(self, opened: OpenedFile) -> Answer:
        if not isinstance(opened.file, Chunked):
            raise InputError(f"a file of the kind {opened.file.kind} has no chunks")
        return dict(opened.file.chunk_map(self.name)), []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> dict[str, Any]:
        return dict(fields)


@dataclass(frozen=True)
class PageMapRequest(ReaderRequest[dict[str, Any]]):
    """The kinds of pages of an LMDB, see `records.Paged`. Raises InputError for anything else."""

    cells: int

    def answer(self, opened: OpenedFile) -> Answer:
        if not isinstance(opened.file, Paged):
            raise InputError(f"a file of the kind {opened.file.kind} has no pages")
        return dict(opened.file.page_map(self.cells)), []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> dict[str, Any]:
        return dict(fields)


@dataclass(frozen=True)
class CellsRequest(ReaderRequest[list[Cell]]):
    """Some records, each made to fit a square of `box` pixels (never made larger), drawn as `choice` says."""

    indices: Sequence[int]
    box: int
    choice: Choice = DEFAULT

    def answer(self, opened: OpenedFile) -> Answer:
        opened.will_read(self.indices)
        with opened.drawing(self.choice):
            cells = [opened.cell(index, self.box) for index in self.indices]
        return {"cells": [about for about, _ in cells]}, [b"" if one is None else flat(one) for _, one in cells]

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[Cell]:
        told = zip(fields["cells"], blobs, strict=True)
        return [Cell(about, _shaped(blob, about.get("thumbnail"))) for about, blob in told]

    def to_json(self) -> dict[str, Any]:
        return {"indices": list(map(int, self.indices)), "box": self.box, "choice": self.choice.to_json()}


@dataclass(frozen=True)
class ScanRequest(ReaderRequest[tuple[int, int, list[Bad], list[Finding]]]):
    """(end, decoded, bad, findings): the records start..end were decoded, as many as take about a second.

    Raises ReaderDied where one of them kills the reader or holds it up.
    """

    timeout = SCAN_TIMEOUT
    start: int
    stop: int

    def answer(self, opened: OpenedFile) -> Answer:
        deadline, end = time.monotonic() + SCAN_SECONDS, self.start
        bad: list[Bad] = []
        found: list[Finding] = []
        while end < self.stop and time.monotonic() < deadline:
            if (end - self.start) % AHEAD == 0:
                opened.will_read(range(end, min(end + AHEAD, self.stop)))
            problem, findings = opened.problem(end)
            bad += [problem] if problem is not None else []
            found += findings
            end += 1
        told = [finding.to_json() for finding in merged(found)]
        return {"end": end, "decoded": end - self.start - len(bad), "bad": bad, "findings": told}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> tuple[int, int, list[Bad], list[Finding]]:
        return int(fields["end"]), int(fields["decoded"]), list(fields["bad"]), of_json(fields["findings"])
