"""Everything that a source has becomes files and rows of a dataset's index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..base.contracts import Row, Skipped
from ..base.errors import InputError
from ..base.events import Event, Message, Pace, Progress
from ..base.files import write_whole
from ..base.package import COMMAND
from ..base.source_contracts import FoundImage, Referable, References, Source
from ..base.strict_json import dumps
from ..datasets.checks import DAMAGE
from ..datasets.image_reader import ImageReader
from ..datasets.index import PENDING, REFERENCE
from ..images.pixel_choice import PixelChoice
from ..processes.engines import TaskEngine
from ..remote.traffic import Traffic
from . import resume
from .chunks import FEWEST_ELSEWHERE, Chunks, ChunkSize, ImportChunk
from .keeping import Keeper, KeptChunk
from .resumable_index import ChunkNote, ResumableIndex
from .wide_images import Extremes, read_again
from .workers import kept


class Reading:
    """Reads all that `source`, which is prepared, has, into the folder `root`. With `refer`, no image is copied.

    `engine` opens the one that reads and checks images (None: this machine). `resumed`: images that were there already;
    `traffic`: what was asked of storage for the others.
    """

    def __init__(
        self,
        source: Source,
        root: Path,
        keeper: Keeper,
        choice: PixelChoice,
        *,
        refer: bool,
        engine: Callable[[], TaskEngine] | None = None,
    ) -> None:
        self._refer, self._engine = refer, engine
        self._root = root
        self._source = source
        self._keeper = keeper
        self._choice = choice
        self._first_reason = ""
        self.traffic = Traffic()
        self._size = ChunkSize() if keeper.tree is None else ChunkSize(FEWEST_ELSEWHERE)
        self._chunks = Chunks(root, source.classes, self._size, keeper.tree is not None)
        self._images: Iterator[FoundImage | Skipped] = source.images()
        self._index = self._taken() or self._new()
        self.resumed = sum(self._positions.values())

    def _new(self) -> ResumableIndex:
        """Begin with nothing."""
        resume.remove_all(self._root)
        self._root.mkdir()
        self._chunks = Chunks(self._root, self._source.classes, self._size, self._keeper.tree is not None)
        self._images = self._source.images()
        self._begin(0, {})
        return ResumableIndex(self._root, list(self._source.classes))

    def _taken(self) -> ResumableIndex | None:
        """Begin with what a killed import left in `root`, if there is any."""
        if not self._root.exists():
            return None
        rebooted = resume.was_rebooted(self._root.parent)
        index = ResumableIndex.of_killed(self._root, list(self._source.classes), distrusted=rebooted)
        if index is None:
            return None
        splits = list(self._source.counts)
        copies = self._root if rebooted and not self._refer else None
        try:
            left = resume.KeptRows(index, self._chunks, self._images, splits, copies)
        except DAMAGE:
            index.close()
            return None
        if not self._refer:
            resume.remove_strangers(self._root, index, splits)
        self._images = left.images
        self._begin(left.given, left.state)
        return index

    def _begin(self, given: int, state: Mapping[str, Any]) -> None:
        self._given = given
        self._positions: dict[str, int] = dict.fromkeys(self._source.counts, 0) | state.get("rows", {})
        self._skipped: int = state.get("skipped", 0)
        self._extremes = Extremes.from_json(state["extremes"], self._choice) if state else Extremes(self._choice)

    def run(self, spec: str, name: str) -> Iterator[Event]:
        """Raises InputError where no image could be read."""
        with closing(self._index):
            yield from self._read_all(spec)
            values = self._extremes.range
            references = self._references()
            reader = ImageReader(references.root, tuple(references.sources)) if references else ImageReader(self._root)
            yield from read_again(self._positions, self._extremes.pending, values, self._index, reader)
            told = self._source.recognition
            said = [*self._extremes.sentences(), *_unkept(self._index.unkept), *_unknown(self._keeper, name)]
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
                pixel_choice=dumps(self._choice.to_json()),
            )

    def _references(self) -> References | None:
        """What the images refer to, noted in the index and beside it; None where they were copied."""
        if not self._refer or not isinstance(self._source, Referable):
            return None
        references = self._source.references
        self._index.refer(references.sources)
        write_whole(self._root / REFERENCE, dumps({"root": _root(references.root)}).encode())
        return references

    def _read_all(self, spec: str) -> Iterator[Event]:
        total = sum(self._source.counts.values())
        pace = Pace()
        given = self._chunks.of(self._images)
        if self.resumed:
            yield Message(f"going on with an import that was interrupted: {self.resumed:,} images are there already")
        yield Progress("reading", self._given, total)
        with closing(
            kept(self._keeper, given, total - self._given, self._engine, self._keeper.tree is not None)
        ) as chunks:
            for chunk, made in chunks:
                self._size.learn(len(chunk.given), made.seconds)
                self._index.add(chunk.split, list(self._rows(chunk, made)))
                self.traffic += made.traffic
                self._given += len(chunk.given)
                note = ChunkNote(self._given, made.stamp ^ chunk.meaning())
                if self._index.note(note, self._state()):
                    resume.touched(self._root.parent)
                if pace.due():
                    yield Progress("reading", self._given, total)
        if not any(self._positions.values()):
            raise InputError(
                f"none of the {self._given} files in {spec} could be read as an image: nothing was imported"
                f"{self._first_reason}"
            )
        yield Progress("reading", self._given, total)

    def _state(self) -> dict[str, Any]:
        """What `_begin` takes."""
        return {"rows": self._positions, "skipped": self._skipped, "extremes": self._extremes.to_json()}

    def _rows(self, chunk: ImportChunk, made: KeptChunk) -> Iterator[Row]:
        told = zip(chunk.paths, chunk.labels, chunk.fields, chunk.places, made.results, strict=True)
        for path, label, fields, place, result in told:
            if isinstance(result, Skipped):
                self._first_reason = self._first_reason or f"; {result.path}: {result.reason}"
                self._index.skip(result)
                self._skipped += 1
                continue
            position = self._positions[chunk.split]
            self._positions[chunk.split] += 1
            self._extremes.add(result.values)
            size, height, width, checksum, pixel_checksum, values = result
            if self._extremes.may_change(values):
                pixel_checksum = PENDING
            if fields:
                self._index.add_fields(chunk.split, position, fields)
            yield Row(position, path, label, size, height, width, checksum, pixel_checksum, place)


def _root(root: Path | str) -> str:
    return root if isinstance(root, str) else str(root.absolute())


_HEADERS_ALONE = "only the images' headers were read: "


def is_about_headers(note: str) -> bool:
    """Whether this is the sentence of an import that read headers alone."""
    return note.startswith(_HEADERS_ALONE)


def _unknown(keeper: Keeper, name: str) -> list[str]:
    """What is not known of images whose headers alone were read."""
    if keeper.check == "full":
        return []
    return [
        f"{_HEADERS_ALONE}which of them are broken, dark, twice there or changed is not known before "
        f"{COMMAND} import --recheck --name {name}"
    ]


def _unkept(counts: Mapping[str, int]) -> list[str]:
    """A sentence about values that the index has no room or no form for."""
    if not counts:
        return []
    named = ", ".join(f"{name} ({number:,})" for name, number in list(counts.items())[:5])
    return [f"values that are not kept, being of another kind than the first of their name, or too many: {named}"]
