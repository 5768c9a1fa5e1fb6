"""Records of a file one after the other, whole, for an import: what breaks the reader is left out and named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..base.home import Home
from .export_request import ExportedRecord, ListedRecord
from .files import InspectedFile
from .reading_on import ReadBatch, ReadingOn


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Which fields are the image, the label and the split ("": those that the file says or names tell), and the bands
    of an image that are taken, counted from 0 (`display.ALL_BANDS`: all; None: the usual ones)."""

    image: str = ""
    label: str = ""
    split: str = ""
    bands: tuple[int, ...] | None = None


class RecordExport:
    """A file that is read by one schema, for an import. Close it."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: str | None = None,
        choice: ExportChoice = ExportChoice(),
        home: Home | None = None,
        file: InspectedFile | None = None,
    ) -> None:
        """`file`: the same, where it is open already; it is closed with the rest."""
        self._choice = choice
        self._reading = ReadingOn(path, schema, home, file)

    def records(self, indices: Sequence[int]) -> Iterator[ExportedRecord]:
        """These records, in this order; those that are given up after others have killed the reader as one, called -1,
        with its problem.

        Raises InputError where the file cannot be opened any more.
        """

        def ask(file: InspectedFile, start: int, stop: int) -> ReadBatch[list[ExportedRecord]]:
            found = self.some(file, indices[start:stop])
            bad = [one.problem for one in found if one.problem is not None]
            return ReadBatch(start + len(found), found, len(found) - len(bad), len(bad), bad[-1] if bad else "")

        def name(position: int) -> str:
            return f"#{indices[position]}"

        for position, batch, lost in self._reading.batches(len(indices), ask, name):
            yield from batch.value if batch is not None else ()
            index = -1 if self._reading.hopeless else indices[position]
            yield from (ExportedRecord(index, one["key"], problem=one["reason"]) for one in lost)

    def some(self, file: InspectedFile, indices: Sequence[int]) -> list[ExportedRecord]:
        """The first of these records, as many as fit an answer. Raises InputError for a field that is not there."""
        choice = self._choice
        return file.export(indices, choice.image, choice.label, choice.split, choice.bands)

    def listed(self, total: int) -> Iterator[tuple[int, ListedRecord]]:
        """(number, record without its image) of the first `total` records; of those that are given up after others have
        killed the reader one, called -1, with its problem.

        Raises InputError as `records` does.
        """

        def ask(file: InspectedFile, start: int, stop: int) -> ReadBatch[list[ListedRecord]]:
            found = file.listed(start, stop, self._choice.label, self._choice.split)
            return ReadBatch(start + len(found), found, len(found))

        for position, batch, lost in self._reading.batches(total, ask):
            yield from enumerate(batch.value if batch is not None else (), position)
            index = -1 if self._reading.hopeless else position
            yield from ((index, ListedRecord(one["key"], problem=one["reason"])) for one in lost)

    def opened(self) -> InspectedFile:
        """The file. Raises InputError where it cannot be opened."""
        return self._reading.opened()

    def close(self) -> None:
        self._reading.close()
