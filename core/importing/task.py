"""The task that imports a dataset: a source's images become files and an index under `data/raw/<name>`.

Every image is decoded once by the pixel rule, which finds the broken ones and gives shape and checksums. The original
bytes are kept untouched. All is made beside the target and renamed when it is complete.
"""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ..base import checksums
from ..base.contracts import FieldValue, FoundImage, Place, Referable, References, Row, Skipped, Source
from ..base.errors import InputError, WorkError, disk_trouble_told
from ..base.events import Event, Message, Pace, Progress, Result
from ..base.files import write_whole
from ..base.home import Home, check_name
from ..base.names import folders
from ..base.staging import claim
from ..base.strict_json import dumps
from ..datasets.dataset import Dataset
from ..datasets.image_reader import ImageReader
from ..datasets.index import REFERENCE, IndexWriter
from ..images import pixels
from ..images.value_range import Values
from ..processes.cpus import usable_cpus
from ..processes.pool import in_order, processes
from ..sources import Request, open_source, recognise
from ..sources.recognise import GENERATED, as_path
from .wide_images import Extremes, WideImages

CHUNK_IMAGES = 64
CHUNK_BYTES = 4 << 20
"""What one call of a worker handles: as many images as that, or fewer when they are large."""

INLINE_IMAGES = 500
INLINE_SECONDS = 1.0
"""Fewer images than this are read here, for so long; starting processes would take longer."""


class ImportedImage(NamedTuple):
    """An image that was decoded and written."""

    bytes: int
    height: int
    width: int
    checksum: int
    pixel_checksum: int
    values: Values


class ImportChunk(NamedTuple):
    """Images of one split on their way to the disk: `found` with their paths in the dataset, their labels, their
    further values and, where they are not copied, their places."""

    split: str
    found: list[FoundImage | Skipped]
    paths: list[str]
    labels: list[int]
    fields: list[Mapping[str, FieldValue]]
    places: list[Place | None]

    @classmethod
    def empty(cls, split: str) -> ImportChunk:
        return cls(split, [], [], [], [], [])

    def add(self, found: FoundImage | Skipped, path: str, label: int) -> None:
        self.found.append(found)
        self.paths.append(path)
        self.labels.append(label)
        self.fields.append(found.fields if isinstance(found, FoundImage) else {})
        self.places.append(found.place if isinstance(found, FoundImage) else None)


@dataclass
class Import:
    """Import `source` ("shapes", "cifar10" or a path) as the dataset `name`; `options` are the source's own.

    `called` is what people call the source, where that is not the path itself. With `reference` no image is copied: the
    dataset refers to where they lie.
    """

    source: str
    name: str
    limit: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    home: str | None = None
    called: str = ""
    reference: bool = False

    def run(self) -> Iterator[Event]:
        """Ends with the `import` verb's JSON. Raises InputError and WorkError; leaves nothing half-made behind."""
        begun = time.monotonic()
        home = Home.find(self.home)
        name = check_name(self.name)
        with trouble_told(), claim_name(home, name) as scratch:
            request = self._request(home, scratch)
            source = open_source(recognise(self.source), self.options, request)
            if self.reference and not isinstance(source, Referable):
                raise InputError(
                    f"{self.source} is made or unpacked by the import, so nothing is there to refer to: import a copy"
                )
            with closing(source):
                yield from source.prepare()
                yield from _Reading(source, scratch / "dataset", self.reference).run(self.called or self.source, name)
            (scratch / "dataset").rename(home.raw / name)
        yield Result(_summary(Dataset.open(home, name), time.monotonic() - begun))

    def _request(self, home: Home, scratch: Path) -> Request:
        work = scratch / "source"
        work.mkdir()
        path = None if self.source in GENERATED else as_path(self.source)
        return Request(
            scratch=work,
            downloads=home.root / "data" / "downloads",
            path=path,
            limit=self.limit,
            called=self.called,
            reference=self.reference,
        )


@contextmanager
def claim_name(home: Home, name: str) -> Iterator[Path]:
    """A scratch folder for the import of `name`. Raises InputError where it exists or is being imported."""
    with claim(home.raw / ".importing", name, "import") as scratch:
        if (home.raw / name).exists():
            raise InputError(f"there is a dataset {name!r} already; choose another name, or delete it first")
        yield scratch


@contextmanager
def trouble_told() -> Iterator[None]:
    """What the disk refuses, to us or to SQLite, as a WorkError that says so."""
    with disk_trouble_told("the import"):
        try:
            yield
        except sqlite3.OperationalError as error:
            raise WorkError(
                f"the index cannot be written ({error}); free some space, or set --home elsewhere"
            ) from error


class _Reading:
    """Everything the source has becomes files and rows under `root`."""

    def __init__(self, source: Source, root: Path, refer: bool) -> None:
        root.mkdir()
        self._refer = refer
        self._root = root
        self._source = source
        self._classes = list(source.classes)
        self._index = IndexWriter(root, self._classes)
        self._positions = dict.fromkeys(source.counts, 0)
        self._extremes = Extremes()
        self._wide = WideImages(root)

    def run(self, spec: str, name: str) -> Iterator[Event]:
        """Raises InputError where no image could be read."""
        with closing(self._index), closing(self._wide):
            yield from self._read_all(spec)
            values = self._extremes.range
            references = self._references()
            reader = ImageReader(references.root, tuple(references.sources)) if references else ImageReader(self._root)
            yield from self._wide.read_again(values, self._index, reader)
            told = self._source.recognition
            said = [*self._extremes.sentences(), *_unkept(self._index.unkept)]
            yield from (Message(text, "warning") for text in said)
            self._index.leave(told.unused)
            self._index.finish(
                name=name,
                source=spec,
                imported=datetime.now(UTC).isoformat(timespec="seconds"),
                recognised=told.recognised,
                why=told.why,
                labels=told.labels,
                notes=dumps([*told.notes, *said]),
                range=dumps(values.to_json()),
            )

    def _references(self) -> References | None:
        """What the images refer to, noted in the index and beside it; None where they were copied."""
        if not self._refer or not isinstance(self._source, Referable):
            return None
        references = self._source.references
        self._index.refer(references.sources)
        write_whole(self._root / REFERENCE, dumps({"root": str(references.root.absolute())}).encode())
        return references

    def _read_all(self, spec: str) -> Iterator[Event]:
        total = sum(self._source.counts.values())
        given = chunks(self._source.images(), self._root, self._classes)
        done, pace = 0, Pace()
        yield Progress("reading", 0, total)
        with closing(_decoded(self._root, given, total)) as decoded:
            for chunk, results in decoded:
                self._index.add(chunk.split, list(self._rows(chunk, results)))
                done += len(chunk.found)
                if pace.due():
                    yield Progress("reading", done, total)
        if not any(self._positions.values()):
            raise InputError(f"none of the {done} files in {spec} could be read as an image, so nothing was imported")
        yield Progress("reading", done, total)

    def _rows(self, chunk: ImportChunk, results: Sequence[ImportedImage | Skipped]) -> Iterator[Row]:
        told = zip(chunk.paths, chunk.labels, chunk.fields, chunk.places, results, strict=True)
        for path, label, fields, place, result in told:
            if isinstance(result, Skipped):
                self._index.skip(result)
                continue
            position = self._positions[chunk.split]
            self._positions[chunk.split] += 1
            self._extremes.add(result.values)
            if result.values.kind != "byte":
                self._wide.add(chunk.split, Row(position, path, label, *result[:-1], place))
            self._index.add_fields(chunk.split, position, fields)
            yield Row(position, path, label, *result[:-1], place)


def chunks(images: Iterable[FoundImage | Skipped], root: Path, classes: Sequence[str]) -> Iterator[ImportChunk]:
    """The images in groups of one split, each group one call of a worker; makes the class folders on the way."""
    label_of = {name: label for label, name in enumerate(classes)}
    folder_of = folders(classes)
    made: set[str] = set()
    chunk, size = ImportChunk.empty(""), 0
    for found in images:
        split = chunk.split if isinstance(found, Skipped) else found.split
        if split != chunk.split or len(chunk.found) >= CHUNK_IMAGES or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = ImportChunk.empty(split), 0
        if isinstance(found, Skipped):
            chunk.add(found, "", -1)
            continue
        if found.place is not None and max(found.place.offset, found.place.record) < 0:
            chunk.add(found, found.name, label_of[found.class_name])
            size += len(found.data)
            continue
        folder = f"{split}/{folder_of[found.class_name]}"
        if found.place is None and folder not in made:
            (root / folder).mkdir(parents=True)
            made.add(folder)
        chunk.add(found, f"{folder}/{found.name}", label_of[found.class_name])
        size += len(found.data)
    yield chunk


def _decoded(
    root: Path, given: Iterator[ImportChunk], total: int
) -> Generator[tuple[ImportChunk, list[ImportedImage | Skipped]], None, None]:
    """Each chunk with what became of it, in order; read in processes, unless the images are few and soon done."""
    call = functools.partial(_keep_all, root)
    if total < INLINE_IMAGES:
        begun = time.monotonic()
        for chunk in given:
            yield call(chunk)
            if time.monotonic() - begun > INLINE_SECONDS:
                break
        else:
            return
    workers = usable_cpus()
    with processes(workers) as pool:
        yield from in_order(pool, workers, call, given)


def _keep_all(root: Path, chunk: ImportChunk) -> tuple[ImportChunk, list[ImportedImage | Skipped]]:
    """Decode and write a chunk's images; the chunk comes back without their bytes."""
    results = [
        keep(found, root / path) if isinstance(found, FoundImage) else found
        for found, path in zip(chunk.found, chunk.paths, strict=True)
    ]
    return chunk._replace(found=[Skipped("", "")] * len(results)), results


def keep(image: FoundImage, path: Path) -> ImportedImage | Skipped:
    """Decode an image and write its bytes, as they are, to `path`; a broken one, and one by reference, is not
    written."""
    try:
        decoded, values = pixels.examine(image.data)
    except pixels.BadImage as error:
        return Skipped(image.origin, str(error))
    try:
        if image.place is None:
            with path.open("xb") as file:
                file.write(image.data)
    except FileExistsError:
        return Skipped(image.origin, f"another image of its class is called {path.name} already")
    height, width, _ = decoded.shape
    return ImportedImage(
        len(image.data), height, width, checksums.of_bytes(image.data), checksums.of_bytes(decoded), values
    )


def _unkept(counts: Mapping[str, int]) -> list[str]:
    """A sentence about values that the index has no room or no form for."""
    if not counts:
        return []
    named = ", ".join(f"{name} ({number:,})" for name, number in list(counts.items())[:5])
    return [f"values that are not kept, being of another kind than the first of their name, or too many: {named}"]


def _summary(dataset: Dataset, seconds: float) -> dict[str, object]:
    return {
        "dataset": dataset.name,
        "splits": dataset.splits,
        "classes": dataset.classes,
        "recognised": dataset.recognised,
        "why": dataset.why,
        "labels": dataset.labels,
        "skipped": [skipped._asdict() for skipped in dataset.skipped()],
        "unused": [unused._asdict() for unused in dataset.unused()],
        "warnings": list(dataset.notes),
        "range": dataset.values.to_json(),
        "fields": [field.name for field in dataset.fields],
        "reference": str(dataset.reference_root) if dataset.reference_root else None,
        "bytes": dataset.bytes,
        "fingerprint": dataset.fingerprint,
        "path": str(dataset.root),
        "seconds": round(seconds, 3),
    }
