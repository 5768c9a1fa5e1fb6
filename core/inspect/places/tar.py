"""Where the images of a tar archive lie: its members are bare, and a walk has noted them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..fields.images import main_of
from ..values import image_encoding
from .any_records import AnyPlaces
from .encoded import is_wide
from .form import ImageForm, ImagePlace

if TYPE_CHECKING:
    from ..tar.records import TarRecords

HEAD = 32


class TarPlaces:
    """See `form.ImagePlaces`. Of a record only the first bytes of its main image are looked at, and its label."""

    def __init__(self, records: TarRecords, path: Path, labelled: bool) -> None:
        self._records = records
        self._labelled = labelled
        self._any = AnyPlaces.in_file(records, path)
        self._bare = not records.tar.source.compressed
        self._main = next(iter(records.image_names), None)

    def place(self, index: int) -> ImagePlace:
        records = self._records
        named = records.members_of(index)
        member = named.get(self._main or "")
        if member is None or self._main != main_of([*named], records.declared) or not self._bare:
            return self._any.place(index)
        members = records.index.members
        offset, size = int(members.offsets[member]), int(members.sizes[member])
        head = records.tar.memory[offset : offset + min(size, HEAD)].tobytes()
        encoding = image_encoding(head)
        if encoding is None or is_wide(head, encoding):
            return self._any.place(index)
        return ImagePlace(ImageForm(encoding), offset, size, records.label(index) if self._labelled else None)
