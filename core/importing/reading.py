"""Everything that a source has becomes files and rows of a dataset's index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from ..base.contracts import Referable, References, Row, Skipped, Source
from ..base.errors import InputError
from ..base.events import Event, Message, Pace, Progress
from ..base.files import write_whole
from ..base.strict_json import dumps
from ..datasets.image_reader import ImageReader
from ..datasets.index import REFERENCE, IndexWriter
from .chunks import Chunks, ChunkSize, ImportChunk
from .keeping import Keeper, KeptChunk
from .wide_images import Extremes, WideImages
from .workers import kept


class Reading:
    """Reads all that `source`, which is prepared, has, into a new folder `root`. With `refer`, no image is copied."""

    def __init__(self, source: Source, root: Path, keeper: Keeper, *, refer: bool) -> None:
        root.mkdir()
        self._refer = refer
        self._root = root
        self._source = source
        self._keeper = keeper
        self._index = IndexWriter(root, list(source.classes))
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
        size = ChunkSize()
        given = Chunks(self._root, self._source.classes, size).of(self._source.images())
        done, pace = 0, Pace()
        yield Progress("reading", 0, total)
        with closing(kept(self._keeper, given, total)) as chunks:
            for chunk, results in chunks:
                size.learn(len(chunk.given), results.seconds)
                self._index.add(chunk.split, list(self._rows(chunk, results)))
                done += len(chunk.given)
                if pace.due():
                    yield Progress("reading", done, total)
        if not any(self._positions.values()):
            raise InputError(f"none of the {done} files in {spec} could be read as an image, so nothing was imported")
        yield Progress("reading", done, total)

    def _rows(self, chunk: ImportChunk, made: KeptChunk) -> Iterator[Row]:
        told = zip(chunk.paths, chunk.labels, chunk.fields, chunk.places, made.results, strict=True)
        for path, label, fields, place, result in told:
            if isinstance(result, Skipped):
                self._index.skip(result)
                continue
            position = self._positions[chunk.split]
            self._positions[chunk.split] += 1
            self._extremes.add(result.values)
            row = Row(position, path, label, *result[:-1], place)
            if result.values.kind != "byte":
                self._wide.add(chunk.split, row)
            if fields:
                self._index.add_fields(chunk.split, position, fields)
            yield row


def _unkept(counts: Mapping[str, int]) -> list[str]:
    """A sentence about values that the index has no room or no form for."""
    if not counts:
        return []
    named = ", ".join(f"{name} ({number:,})" for name, number in list(counts.items())[:5])
    return [f"values that are not kept, being of another kind than the first of their name, or too many: {named}"]
