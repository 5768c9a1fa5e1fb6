"""The files and databases that an import reads records from, open, with what the Inspector says of each."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.contracts import Skipped
from ..base.errors import InputError
from ..base.events import Event, Progress
from ..base.home import Home
from ..inspect.display_range import evenly
from ..inspect.export import ExportChoice, RecordExport
from ..inspect.export_request import ExportedRecord
from ..inspect.files import InspectedFile
from ..inspect.findings import LOSSES
from ..sources.request import Patience
from .record_parts import RecordPart, databases_of

MOST_NOTES = 20

SAMPLED = 12
"""Records of a part that are looked at before any is imported."""


@dataclass
class OpenPart:
    """A part that is read. about: the Inspector's summary of it; samples: some of its records; left_out: what is in
    it and belongs to no record; called: its name for people."""

    part: RecordPart
    export: RecordExport
    kind: str
    about: dict[str, Any]
    samples: list[ExportedRecord]
    left_out: list[tuple[str, str]]
    called: str

    @property
    def entries(self) -> int:
        return int(self.about["entries"])


@dataclass
class OpenParts:
    """The parts of `shown` that have images. unused: the other ones, with the reason. walked: the share of a file that
    was walked through, unread: parts that were not opened, as far as `patience` went."""

    shown: str
    choice: ExportChoice
    home: Home | None = None
    patience: Patience | None = None
    walked: float = 1.0
    unread: int = 0
    parts: list[OpenPart] = field(default_factory=list)
    unused: list[Skipped] = field(default_factory=list)

    def open(self, parts: Sequence[RecordPart]) -> Iterator[Event]:
        """Open them, databases that are called like splits as parts of their own.

        Raises InputError that says why, where none has images.
        """
        left = list(parts)
        while left:
            if self.patience is not None and self.patience.over and self.parts:
                self.unread = len(left)
                break
            part = left.pop(0)
            try:
                opened = yield from self._opened(part)
            except InputError as error:
                self.unused.append(Skipped(self.called(part), str(error)))
                continue
            databases = databases_of(part, opened.kind, opened.about["schemas"])
            if not databases and any(one.image is not None for one in opened.samples):
                self.parts.append(opened)
                continue
            opened.export.close()
            left = [*databases, *left]
            if not databases:
                self.unused.append(Skipped(self.called(part), _no_image(opened)))
        if not self.parts:
            raise InputError(self.unused[0].reason if self.unused else f"{self.shown} has no records")

    def left_out(self) -> list[Skipped]:
        """What is in the parts and is not imported; what one leaves to another is not left out."""
        names = {opened.part.name for opened in self.parts}
        found = {f"{opened.part.path.name}/{name}": what for opened in self.parts for name, what in opened.left_out
                 if name not in names}  # fmt: skip
        return [*self.unused, *(Skipped(name, what) for name, what in found.items())]

    def notes(self) -> list[str]:
        """What is to be known of the parts: what the Inspector warns of, what is lost, and how images of many bands are
        shown, where that was not asked for."""
        warned = dict.fromkeys(text for part in self.parts for text in part.about["warnings"])
        lost = [one for part in self.parts for one in part.about["findings"] if one["kind"] in LOSSES]
        shown = dict.fromkeys(note for part in self.parts for sample in part.samples for note in sample.notes)
        return [
            *list(warned)[:MOST_NOTES],
            *[f"{one['where']}: {one['meaning']}" for one in lost][:MOST_NOTES],
            *[f"{note}; --option bands=3,2,1 chooses others" for note in shown][:MOST_NOTES],
        ]

    def called(self, part: RecordPart) -> str:
        return f"{self.shown}/{part.name}" if part.name else self.shown

    def _opened(self, part: RecordPart) -> Generator[Event, None, OpenPart]:
        """A part, open; with the progress of the walk through it, where it takes one. Raises InputError."""
        file = InspectedFile(part.path, part.schema, home=self.home)
        try:
            for done, total in file.walk():
                if self.patience is not None and self.patience.over:
                    self.walked = min(self.walked, done / total)
                    break
                yield Progress("looking through the file", done, total, "bytes")
            about = file.summary()
            places = evenly(int(about["entries"]), SAMPLED)
            export = RecordExport(part.path, part.schema, self.choice, self.home, file)
            if places:
                export.some(file, places[:1])  # a field that is not there is said at once
            samples = list(export.records(places))
            left_out = export.opened().left_out()
        except BaseException:
            file.close()
            raise
        return OpenPart(part, export, file.found.kind, about, samples, left_out, self.called(part))

    def close(self) -> None:
        for part in self.parts:
            part.export.close()


def _no_image(opened: OpenPart) -> str:
    reason = next((one.problem for one in opened.samples if one.problem), "it has no records")
    return f"{opened.called} has no images that can be imported: {reason} (read so because {opened.about['why']})"
