"""Where images lie in an LMDB: inside the values, whatever else these hold.

Where an image of bare pixels was found in a value, and other pixels put in its place come out as they should, every
value that has the same bytes around it holds its image in the same place. So the tutorials' pickles are parsed once a
class, and 60,000 of them are a matter of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...base.contracts import Pixels
from ..records import UNREADABLE, Label
from ..values import image_encoding, without_pictures
from .encoded import is_wide
from .form import PIXELS, ImageForm, ImagePlace
from .layout import as_rgb, form_of, form_tried, taken_as

if TYPE_CHECKING:
    from ..lmdb.records import LmdbRecords
    from ..lmdb.tree import LmdbEntry

MOST_MOULDS = 1 << 16
TRIALS = 16
"""Values that pixels of ours are put into at first; more only where that has saved as many others from being parsed."""

HEAD = 32
"""Bytes of an image file that say what it is."""


class Mould(NamedTuple):
    """What is known of all values with the same bytes around an image."""

    form: ImageForm
    label: Label


class LmdbPlaces:
    """See `form.ImagePlaces`."""

    def __init__(self, records: LmdbRecords, labelled: bool) -> None:
        self._records = records
        self._labelled = labelled
        self._spans: dict[int, tuple[int, int]] = {}
        self._moulds: dict[tuple[int, bytes], Mould] = {}
        self._whole = False
        self._tried = self._saved = 0
        self._forms: list[ImageForm] = []

    def place(self, index: int) -> ImagePlace:
        records = self._records
        found = records.value_place(index)
        if found is None:
            return self._looked_into(index, -1, records.entry(index))
        at, size = found
        memory = records.file.tree.pages.memory
        if self._whole:
            head = memory[at : at + min(size, HEAD)]
            encoding = image_encoding(head)
            if encoding is not None and not is_wide(head, encoding):
                return ImagePlace(ImageForm(encoding), at, size, self._label(index, None))
        span = self._spans.get(size)
        if span is not None:
            start, stop = at + span[0], at + span[1]
            mould = self._moulds.get((size, memory[at:start] + memory[stop : at + size]))
            if mould is not None and image_encoding(memory[start : start + HEAD]) is None:
                self._saved += 1
                return ImagePlace(mould.form, start, stop - start, self._label(index, mould.label))
        return self._looked_into(index, at, records.entry(index))

    def _label(self, index: int, own: Label) -> Label:
        """Kept elsewhere, or that of the value itself; one that cannot be read is none."""
        if not self._labelled or not self._records.labels_apart:
            return own
        try:
            return self._records.label(index)
        except UNREADABLE:
            return None

    def _looked_into(self, index: int, at: int, entry: LmdbEntry) -> ImagePlace:
        """`at`: where the value lies, -1 where it does so in pieces."""
        with without_pictures():
            content = self._records.content_at(index, entry)
        if content.problem is not None or not content.is_image:
            raise ValueError(content.problem or "it holds no image")
        label = self._label(index, content.guess if content.label is None else content.label)
        payload = bytes(content.payload if content.file is None else content.file)
        encoding = image_encoding(payload) if content.file is not None else None
        start = entry.value.find(payload) if at >= 0 and len(payload) else -1
        wide = content.array is not None and content.array.dtype.itemsize > 1
        if encoding is not None and not wide:
            self._whole |= content.kind == "image-file" and start == 0 and len(payload) == len(entry.value)
            return ImagePlace(ImageForm(encoding), at + start if start >= 0 else -1, len(payload), label)
        numbers = self._records.numbers_of(content)
        if numbers is None:
            raise ValueError("it holds no image")
        pixels = as_rgb(numbers) if content.file is None else None
        form = form_of(np.frombuffer(payload, np.uint8), pixels, self._forms)
        if form is None or start < 0:
            return ImagePlace(ImageForm(PIXELS, *numbers.shape[:2]), -1, 0, label)
        return self._of_pixels(index, at, entry, payload, form, label)

    def _of_pixels(
        self, index: int, at: int, entry: LmdbEntry, payload: bytes, form: ImageForm, label: Label
    ) -> ImagePlace:
        start = entry.value.find(payload)
        places = (start, entry.value.rfind(payload)) if self._may_try() else ()
        for place in places:
            tried = self._tried_at(index, entry, place, form)
            if tried is not None and _alike(tried, form, payload):
                start, form = place, tried
                self._note(entry.value, start, start + len(payload), Mould(form, label))
                break
        if form not in self._forms:
            self._forms.append(form)
        return ImagePlace(form, at + start, len(payload), label)

    def _may_try(self) -> bool:
        room = len(self._moulds) < MOST_MOULDS and self._tried < TRIALS + self._saved
        return room and self._records.values_stand_alone

    def _note(self, value: bytes, start: int, stop: int, mould: Mould) -> None:
        self._spans[len(value)] = start, stop
        self._moulds[len(value), value[:start] + value[stop:]] = mould

    def _tried_at(self, index: int, entry: LmdbEntry, place: int, form: ImageForm) -> ImageForm | None:
        """The form of whatever pixels lie at this place in such a value."""
        self._tried += 1
        before, behind = entry.value[:place], entry.value[place + form.size :]

        def draw(data: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Pixels | None:
            try:
                content = self._records.content_at(index, entry._replace(value=before + data.tobytes() + behind))
                numbers = self._records.numbers_of(content) if content.problem is None else None
            except UNREADABLE:
                return None
            return None if numbers is None or content.file is not None else as_rgb(numbers)

        return form_tried((form.height, form.width, form.channels), draw)


def _alike(one: ImageForm, other: ImageForm, payload: bytes) -> bool:
    data = np.frombuffer(payload, np.uint8)
    return np.array_equal(taken_as(one, data), taken_as(other, data))
