"""Further values of samples on their way into a store: how they look in all splits, and their checksums."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from ..base.contracts import FieldLayout, FieldReader, FieldValue
from ..base.packed_fields import checksum
from ..datasets.dataset import Dataset
from ..formats.field_layouts import alike, layouts_of
from ..stores.sample_checksums import field_sums_file
from .recipe import Recipe


def are_kept(recipe: Recipe) -> bool:
    """Whether samples have fields and the format keeps them."""
    return bool(recipe.dataset.fields) and isinstance(recipe.format.reader(Path()), FieldReader)


def layouts(dataset: Dataset) -> dict[str, tuple[FieldLayout, ...]]:
    """Those of each split, from one pass over all values."""
    found = alike([layouts_of(dataset.field_values(split), dataset.fields) for split in dataset.splits])
    return dict(zip(dataset.splits, found, strict=True))


class FieldSums:
    """The checksums of a split's fields while it is written: XXH3-64 of each sample's, as they are packed
    (`core.base.packed_fields`); where no fields are kept, all of it does nothing."""

    def __init__(self, store: Path, split: str, dataset: Dataset, kept: bool) -> None:
        self._fields = dataset.fields
        self._values: Iterator[Mapping[str, FieldValue]] = dataset.field_values(split) if kept else iter(())
        self._file = field_sums_file(store, split).open("wb") if kept else None

    def write(self, samples: int) -> None:
        """Of the next samples."""
        if self._file is not None:
            sums = array("Q", (checksum(values, self._fields) for values in islice(self._values, samples)))
            self._file.write(sums.tobytes())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
