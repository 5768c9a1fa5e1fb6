"""Where images lie in a container of our own whose manifest is not there: its reader knows."""

from __future__ import annotations

from pathlib import Path

from ...base.contracts import Buffer, Mapped, Reader
from .any_records import AnyPlaces, Readable
from .form import ImagePlace
from .search import BytesSearch


class OwnPlaces:
    """See `form.ImagePlaces`. What the reader says is compared with the file, as whatever else is told of it."""

    def __init__(self, records: Readable, reader: Reader, path: Path) -> None:
        self._search = BytesSearch(path)
        self._any = AnyPlaces(records, self._find)
        extents = reader.extents() if isinstance(reader, Mapped) else None
        self._offsets = None if extents is None else extents.offsets
        self._hint = -1

    def place(self, index: int) -> ImagePlace:
        self._hint = -1 if self._offsets is None else int(self._offsets[index])
        return self._any.place(index)

    def _find(self, data: Buffer) -> int:
        return self._hint if self._search.has(self._hint, bytes(data)) else self._search.find(data)
