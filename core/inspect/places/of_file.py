"""The places of the images of an open file, of several shards one shard after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..records import Placed, Records
from ..sharded import ShardedFile
from ..sharded_records import ShardedRecords
from .any_records import AnyPlaces
from .form import ImagePlace, ImagePlaces


def image_places(file: Any, records: Records, labelled: bool) -> ImagePlaces:
    """Those of the file that has these records; `labelled`: with their labels."""
    if isinstance(file, ShardedFile) and isinstance(records, ShardedRecords):
        return ShardedPlaces(file, records, labelled)
    path = Path(getattr(file, "path", ""))
    return records.image_places(path, labelled) if isinstance(records, Placed) else AnyPlaces.in_file(records, path)


class ShardedPlaces:
    """See `form.ImagePlaces`. One shard's places are at hand: records are asked for in order."""

    def __init__(self, file: ShardedFile, records: ShardedRecords, labelled: bool) -> None:
        self._file = file
        self._labelled = labelled
        self._records = records
        self._here: tuple[int, ImagePlaces] | None = None

    def place(self, index: int) -> ImagePlace:
        number, inner = self._records.shard_of(index)
        if self._here is None or self._here[0] != number:
            shard = self._file.shard(number)
            self._here = number, image_places(shard.file, shard.records, self._labelled)
        return self._here[1].place(inner)._replace(file=number)
