"""Where the images of records of named fields lie: a field is known by the names beside it, once one was looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...base.contracts import Buffer
from ..fields.labels import label_of
from ..values import image_encoding, without_pictures
from .any_records import AnyPlaces
from .encoded import is_wide
from .form import ImageForm, ImagePlace

if TYPE_CHECKING:
    from ..fields.records import FieldRecords

HEAD = 32


class FieldPlaces:
    """See `form.ImagePlaces`. `find`: where the bytes of a field lie, given the record's number, its name and they;
    -1 for nowhere."""

    def __init__(self, records: FieldRecords, find: Callable[[int, str, Buffer], int], labelled: bool) -> None:
        self._records = records
        self._labelled = labelled
        self._find = find
        self._mains: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {}
        self._any = AnyPlaces(records, lambda payload: -1)

    def place(self, index: int) -> ImagePlace:
        records = self._records
        fields = records.fields(index)
        names = tuple(fields)
        known = self._mains.get(names)
        if known is None:
            known = self._looked_at(names, fields)
        data = None if known is None else encoded_in(fields.get(known[0]))
        if known is not None and data is not None:
            head = bytes(data[:HEAD])
            encoding = image_encoding(head)
            if encoding is not None and not is_wide(head, encoding):
                label = label_of(fields, records.declared, known[1]) if self._labelled else None
                return ImagePlace(ImageForm(encoding), self._find(index, known[0], data), len(data), label)
        name = "" if known is None else known[0]
        self._any.find = lambda payload: self._find(index, name, payload)
        return self._any.place(index)

    def _looked_at(self, names: tuple[str, ...], fields: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
        """(the main image, all images) among fields of these names; kept where it is the image of most records."""
        with without_pictures():
            images = tuple(self._records.images_among(fields))
        if not images:
            return None
        if images[:1] == tuple(self._records.image_names[:1]):
            self._mains[names] = images[0], images
        return images[0], images


def encoded_in(value: Any) -> Buffer | None:
    """The bytes of an image file in a field: they, or those of a pair of bytes and path."""
    if isinstance(value, Mapping):
        value = value.get("bytes")
    return value if isinstance(value, bytes | memoryview) else None
