"""Records of a file one after the other, whole, for an import: what breaks the reader is left out and named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from ..base.home import Home
from .export_request import ExportedRecord, ListedRecord
from .files import InspectedFile
from .reading_on import ReadBatch, ReadingOn


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Which fields are the image, the label and the split ("": those that the file says or names tell), and the bands
    of an image that are taken, counted from 0."""

    image: str = ""
    label: str = ""
    split: str = ""
    bands: tuple[int, ...] | None = None


@dataclass(frozen=True)
class RecordExport:
    """A file that is read by one schema."""

    path: str | os.PathLike[str]
    schema: str | None = None
    choice: ExportChoice = ExportChoice()
    home: Home | None = None

    def records(self, indices: Sequence[int]) -> Iterator[ExportedRecord]:
        """These records, in this order; those that are given up after others have killed the reader as one with its
        problem.

        Raises:
            InputError: the file is of no known kind, or broken beyond use; it has no such field.
        """

        def ask(file: InspectedFile, start: int, stop: int) -> ReadBatch[list[ExportedRecord]]:
            found = file.export(indices[start:stop], self.choice.image, self.choice.label, self.choice.split,
                                self.choice.bands)  # fmt: skip
            bad = [one.problem for one in found if one.problem is not None]
            return ReadBatch(start + len(found), found, len(found) - len(bad), len(bad), bad[-1] if bad else "")

        def name(position: int) -> str:
            return f"#{indices[position]}"

        with closing(ReadingOn(self.path, self.schema, self.home, len(indices), ask, name)) as work:
            while not work.done:
                start = work.position
                batch, lost = work.next()
                yield from batch.value if batch is not None else ()
                yield from (ExportedRecord(indices[start], one["key"], problem=one["reason"]) for one in lost)
            left = work.given_up()
            yield from (ExportedRecord(-1, one["key"], problem=one["reason"]) for one in left)

    def listed(self, total: int) -> Iterator[tuple[int, ListedRecord]]:
        """(number, record without its image) of the first `total` records; of those that are given up after others have
        killed the reader one, called -1, with its problem.

        Raises InputError as `records` does.
        """

        def ask(file: InspectedFile, start: int, stop: int) -> ReadBatch[list[ListedRecord]]:
            found = file.listed(start, stop, self.choice.label, self.choice.split)
            return ReadBatch(start + len(found), found, len(found))

        with closing(ReadingOn(self.path, self.schema, self.home, total, ask)) as work:
            while not work.done:
                start = work.position
                batch, lost = work.next()
                yield from enumerate(batch.value if batch is not None else (), start)
                yield from ((start, ListedRecord(one["key"], problem=one["reason"])) for one in lost)
            yield from ((-1, ListedRecord(one["key"], problem=one["reason"])) for one in work.given_up())
