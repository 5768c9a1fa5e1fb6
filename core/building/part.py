"""One part of a store, built in a folder of its own by whoever has time: written, read back, and told.

A part's folder, `train.00003`, holds the container under the name that it has in the store. Beside it lie
`<split>.checksums` and `.field_checksums` (8 bytes a sample), `.labels.npy`, `.digests` (SHA-256 of each payload, 32
bytes), `.records` (entry points into JPEGs: of each sample a uint32 length, little-endian, and so many bytes) and
`part.json`, the last one. The folder gets its name when it is complete; who builds the part again finds it there, or
makes the same bytes.
"""

from __future__ import annotations

import shutil
import struct
import time
from array import array
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from ..base.contracts import Contents, FieldLayout, Sizes
from ..base.errors import WorkError
from ..base.options import chosen
from ..base.packed_fields import checksum
from ..base.steps import Steps, outcome
from ..formats import keeps_files
from ..stores.manifest import Manifest
from ..stores.sample_checksums import field_sums_file
from ..stores.shards import container_name, labels_file, write_labels
from ..stores.store import Store, file_checksums, labels_checksum, measure
from .check import check_split
from .encode import Encode, EncodedChunk, Encoder, encoded
from .part_places import PartPlace, PartResult
from .plan import PlannedPart
from .recipe import Recipe, SplitRows

WRITING, SUMMING, VERIFYING = "writing", "checksumming", "verifying"
DIGEST = 32
RECORD_LENGTH = struct.Struct("<I")


class PartStep(NamedTuple):
    """So many more samples of a part are done in a stage: `WRITING`, `SUMMING` (the checksums of its files) or
    `VERIFYING`. `bytes`: those of the payloads that were written; `work`: what encoding them took (`work_of`)."""

    stage: str
    samples: int
    bytes: int = 0
    work: int = 0


@dataclass(frozen=True)
class PartBuilder:
    """Builds parts of one store, which `place` keeps; travels to other processes and machines, which read the dataset's
    index and images at the same paths. `layouts`: those of each split's fields, where the format keeps them."""

    recipe: Recipe
    place: PartPlace
    layouts: Mapping[str, tuple[FieldLayout, ...]]

    @property
    def encoder(self) -> Encoder:
        recipe = self.recipe
        return Encoder(
            recipe.dataset.reader, recipe.encoding, recipe.compression, recipe.dataset.values, recipe.jpeg_index
        )

    def __call__(self, planned: PlannedPart) -> PartResult:
        """Raises WorkError where an image has changed, or what was written does not read back."""
        with encoded(self.encoder, 0) as ready:
            return outcome(self.build(planned, ready.encode))

    def build(self, planned: PlannedPart, encode: Encode) -> Generator[PartStep, None, PartResult]:
        """Build a part, step by step, if it is not there; see `__call__`."""
        there = self.place.built(planned)
        if there is not None:
            return there
        attempt = self.place.attempt(planned)
        try:
            written = _PartWriting(self, planned, attempt)
            yield from written.write(encode)
            yield from written.check()
            return self.place.keep(attempt, planned, written.result, self.recipe.format)
        finally:
            shutil.rmtree(attempt, ignore_errors=True)

    def contents(self, planned: PlannedPart) -> Contents:
        """What the container is told of its part."""
        split, part, samples = planned
        whole = self.recipe.contents(split)
        rows = whole.rows
        assert isinstance(rows, SplitRows)
        of_part = replace(rows, start=part.first, stop=part.first + samples)
        total = whole.total_bytes
        if total is not None and part.parts > 1:
            total = sum(self.recipe.dataset.file_sizes(split, part.first, part.first + samples))
        layouts = self.layouts.get(split, ())
        return replace(whole, samples=samples, total_bytes=total, rows=of_part, fields=layouts, part=part)


class _PartWriting:
    """A part while it is made in `folder`."""

    result: PartResult

    def __init__(self, builder: PartBuilder, planned: PlannedPart, folder: Path) -> None:
        self._recipe, self._planned, self._folder = builder.recipe, planned, folder
        self._contents = builder.contents(planned)
        self._keeps_fields = bool(builder.layouts)
        self._container = container_name(planned.split, planned.part, self._recipe.format)
        self._labels = array("q")
        self._noting_s, self._indexed = 0.0, 0

    def write(self, encode: Encode) -> Iterator[PartStep]:
        began = time.perf_counter()
        path, split = self._folder / self._container, self._planned.split
        writer = self._recipe.format.writer(path, self._contents)
        payload_bytes = 0
        try:
            with _Beside(self._folder, split, self._contents, self._keeps_fields) as beside:
                assert self._contents.rows is not None
                for chunk in encode(self._contents.rows):
                    writer.write(chunk.payloads, chunk.labels, chunk.suffixes)
                    beside.write(chunk)
                    self._labels.extend(chunk.labels)
                    self._noting_s += chunk.noting_s
                    self._indexed += sum(map(bool, chunk.records))
                    size = sum(map(len, chunk.payloads))
                    payload_bytes += size
                    yield PartStep(WRITING, len(chunk.payloads), size, chunk.work)
            writer.close()
        except BaseException:
            writer.abort()
            raise
        write_labels(labels_file(self._folder, split), np.frombuffer(self._labels, np.int64))
        seconds = time.perf_counter() - began
        sizes = measure(self._recipe.format, path, payload_bytes)
        self.result = yield from self._told(sizes, seconds)

    def _told(self, sizes: Sizes, seconds: float) -> Generator[PartStep, None, PartResult]:
        beside = {path.name for path in self._folder.iterdir()} - {self._container}
        sums, read, done = Steps(file_checksums(self._folder, keeps_files(self._recipe.format_name))), 0, 0
        for more in sums:
            read += more
            now = min(len(self._labels) * read // max(sizes.apparent_bytes, 1), len(self._labels))
            yield PartStep(SUMMING, now - done)
            done = now
        yield PartStep(SUMMING, len(self._labels) - done)
        every = sums.value
        files = {name: told for name, told in every.items() if name not in beside}
        name, samples = self._planned.name, len(self._labels)
        return PartResult(name, self._container, samples, sizes, seconds, self._noting_s, self._indexed, files)

    def check(self) -> Iterator[PartStep]:
        """Read it back. Raises WorkError where that does not give what was written."""
        store = Store(self._folder, self._planned.split, self._manifest())
        done = 0
        try:
            for report in check_split(store, source=None):
                if report.mismatches:
                    first = report.mismatches[0]
                    raise WorkError(
                        f"what was written does not read back ({first.split} {first.index}: {first.reason})"
                    )
                yield PartStep(VERIFYING, report.done - done)
                done = report.done
        finally:
            store.close()

    def _manifest(self) -> Manifest:
        """That of a store which has this part alone, without an index of entry points."""
        recipe, split, result = self._recipe, self._planned.split, self.result
        told = labels_checksum(np.frombuffer(self._labels, np.int64))
        numbers = {
            "samples": result.samples,
            **asdict(result.sizes),
            "seconds": result.seconds,
            "labels_checksum": told,
        }
        shard = {"path": self._container, "samples": result.samples, "bytes": 0, "checksum": ""}
        options = {name: value for name, value in chosen(recipe.encoding).items() if name != "jpeg_index"}
        return recipe.manifest({split: numbers}, {split: [shard]}, self._keeps_fields, encoding_options=options)


class _Beside:
    """What is kept of the samples of a part beside its container, written as they come."""

    def __init__(self, folder: Path, split: str, contents: Contents, keeps_fields: bool) -> None:
        assert contents.rows is not None
        self._fields = contents.rows.fields
        self._values = contents.rows.field_values() if keeps_fields else iter(())
        self._sums = _opened(folder / f"{split}.checksums")
        self._digests = _opened(digests_file(folder, split))
        self._records = _opened(records_file(folder, split))
        self._of_fields = _opened(field_sums_file(folder, split)) if keeps_fields else None

    def write(self, chunk: EncodedChunk) -> None:
        self._sums.write(chunk.checksums)
        self._sums.flush()  # `parts_under_way` goes by it
        self._digests.write(chunk.digests)
        for record in chunk.records:
            self._records.write(RECORD_LENGTH.pack(len(record)) + record)
        if self._of_fields is not None:
            values = islice(self._values, len(chunk.payloads))
            self._of_fields.write(array("Q", (checksum(one, self._fields) for one in values)).tobytes())

    def __enter__(self) -> _Beside:
        return self

    def __exit__(self, *_: object) -> None:
        for file in filter(None, (self._sums, self._digests, self._records, self._of_fields)):
            file.close()


def _opened(path: Path) -> BinaryIO:
    return path.open("wb")


def digests_file(folder: Path, split: str) -> Path:
    return folder / f"{split}.digests"


def records_file(folder: Path, split: str) -> Path:
    return folder / f"{split}.records"


def records_in(file: Path) -> Iterator[bytes]:
    """The records that a part has noted, in order."""
    with file.open("rb") as opened:
        while length := opened.read(RECORD_LENGTH.size):
            yield opened.read(RECORD_LENGTH.unpack(length)[0])


def parts_under_way(folder: Path) -> int:
    """The samples that have been written of all parts below `folder`, done and under way."""
    written = 0
    for file in folder.glob("*/*.checksums"):
        try:
            written += file.stat().st_size // 8
        except OSError:  # it is being given its name
            continue
    return written
