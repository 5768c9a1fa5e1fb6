"""The full check of a dataset that refers to its images: each is decoded, and a new index takes the old one's place."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from ..base.contracts import Row, Skipped
from ..base.errors import InputError, WorkError
from ..base.events import Event, Result
from ..base.home import Home, check_name
from ..base.source_contracts import FoundImage, Recognition, References
from ..base.staging import claim
from ..datasets.dataset import Dataset
from ..datasets.index import INDEX
from .keeping import Keeper
from .reading import Reading, is_about_headers
from .task import WORKPLACE, summary, trouble_told

ROWS_AT_ONCE = 64


@dataclass
class Recheck:
    """Decode all images of the dataset `name`, which was imported by reference, as `Import` with check "full" does.

    What is broken is left out of the dataset then, and listed; so stores that were built before have more samples.
    """

    name: str
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the `import` verb's JSON. Raises InputError and WorkError; the dataset stays as it was then."""
        begun = time.monotonic()
        home = Home.find(self.home)
        dataset = Dataset.open(home, check_name(self.name))
        if dataset.reference_root is None:
            raise InputError(f"{self.name} has copies of its images, which were all checked when they were imported")
        with trouble_told(), claim(home.raw / WORKPLACE, self.name, "import") as scratch:
            choice = dataset.choice
            keeper = Keeper(bands=choice.bands)
            reading = Reading(ImportedSource(dataset), scratch / "dataset", keeper, choice, refer=True)
            with closing(dataset.reader):
                yield from reading.run(dataset.source, dataset.name)
            (scratch / "dataset" / INDEX).replace(dataset.root / INDEX)
        yield Result(summary(Dataset.open(home, self.name), time.monotonic() - begun))


class ImportedSource:
    """A dataset's own images, by reference, as a source of them (`core.base.source_contracts.Source`)."""

    def __init__(self, dataset: Dataset) -> None:
        assert dataset.reference_root is not None
        self._dataset = dataset
        notes = [note for note in dataset.notes if not is_about_headers(note)]
        self.recognition = Recognition(
            dataset.recognised, dataset.why, dataset.labels, notes, unused=list(dataset.unused())
        )
        self.references = References(dataset.reference_root, list(dataset.sources))

    @property
    def _is_here(self) -> bool:
        return not isinstance(self._dataset.reference_root, str)

    def prepare(self) -> Iterator[Event]:
        """Nothing is to be done first."""
        yield from ()

    @property
    def classes(self) -> Sequence[str]:
        return self._dataset.classes

    @property
    def counts(self) -> Mapping[str, int]:
        return self._dataset.splits

    def images(self) -> Iterator[FoundImage | Skipped]:
        """Raises WorkError that names a file or record which is gone."""
        yield from self._dataset.skipped()
        for split, size in self._dataset.splits.items():
            values = self._dataset.field_values(split)
            for start in range(0, size, ROWS_AT_ONCE):
                rows = list(self._dataset.rows(split, start, min(start + ROWS_AT_ONCE, size)))
                for row, data in zip(rows, self._data(rows), strict=True):
                    yield self._found(split, row, data, next(values))

    def _data(self, rows: Sequence[Row]) -> Sequence[bytes]:
        """The bytes of images that are no files of their own."""
        if self._is_here and all(_is_file(row) for row in rows):
            return [b""] * len(rows)
        try:
            return self._dataset.read_many(rows)
        except OSError as error:
            raise WorkError(f"{error.filename or 'an image'} cannot be read: {error.strerror}") from None

    def _found(self, split: str, row: Row, data: bytes, values: Mapping[str, object]) -> FoundImage:
        name = row.path if _is_file(row) else row.path.rpartition("/")[2]
        file = f"{self._dataset.files_root}/{row.path}" if _is_file(row) and self._is_here else ""
        origin = self._dataset.reader.name(row)
        class_name = self._dataset.classes[row.label]
        return FoundImage(split, class_name, name, data, origin, values, row.place, file)  # type: ignore[arg-type]

    def close(self) -> None:
        """Nothing is open."""


def _is_file(row: Row) -> bool:
    return row.place is None or max(row.place.offset, row.place.record) < 0
