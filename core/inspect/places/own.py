"""Where images lie in a container of our own whose manifest is not there: its reader knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...base.contracts import Buffer, Mapped, Reader
from .any_records import AnyPlaces, Readable
from .form import ImagePlace
from .search import BytesSearch


class OwnPlaces:
    """See `form.ImagePlaces`. `likely`: where a record may lie, -1 for nowhere; that is compared with the file, as
    whatever else is told of it."""

    def __init__(self, records: Readable, likely: Callable[[int], int], path: Path) -> None:
        self._search = BytesSearch(path)
        self._any = AnyPlaces(records, self._find)
        self._likely = likely
        self._hint = -1

    def place(self, index: int) -> ImagePlace:
        self._hint = self._likely(index)
        return self._any.place(index)

    def _find(self, data: Buffer) -> int:
        return self._hint if self._search.has(self._hint, bytes(data)) else self._search.find(data)


def places_told_by(reader: Reader) -> Callable[[int], int]:
    """Where a reader of a mapped container says that payloads lie."""
    extents = reader.extents() if isinstance(reader, Mapped) else None
    return lambda index: -1 if extents is None else int(extents.offsets[index])
