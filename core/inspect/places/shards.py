"""Where images lie in a folder of shards with an index: in the shard that has the sample, unless it is compressed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...base.contracts import Buffer
from .fields import FieldPlaces
from .form import ImagePlace
from .search import BytesSearch

if TYPE_CHECKING:
    from ..shard_tables.records import ShardTableRecords


class ShardTablePlaces:
    """See `form.ImagePlaces`. One shard is mapped at a time: samples are asked for in order."""

    def __init__(self, records: ShardTableRecords, folder: Path, labelled: bool) -> None:
        self._records = records
        self._folder = folder
        self._fields = FieldPlaces(records, self._find, labelled)
        self._search: tuple[str, BytesSearch] | None = None
        self.files: list[str] = []

    def place(self, index: int) -> ImagePlace:
        place = self._fields.place(index)
        return place._replace(file=self.files.index(self._search[0])) if place.offset >= 0 and self._search else place

    def _find(self, index: int, name: str, data: Buffer) -> int:
        number, _ = self._records.file.place(index)
        shard = self._records.file.shards[number].name
        if self._records.file.is_inflated(number) or "/" in shard:
            return -1
        if self._search is None or self._search[0] != shard:
            self._search = shard, BytesSearch(self._folder / shard)
            self.files += [shard] if shard not in self.files else []
        return self._search[1].find(data)
