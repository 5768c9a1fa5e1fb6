"""What a reader process can be asked by a loader: where images lie, and the bytes of those that do not lie bare."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.contracts import Buffer
from ..base.strict_json import dumps
from .limits import sentence
from .places.form import ImageForm
from .places.image import AS_THEY_ARE, image_of
from .reader_request import Answer, Fields, ReaderRequest
from .records import UNREADABLE, Label, Parted

if TYPE_CHECKING:
    from .opened_file import OpenedFile

STEP_SECONDS = 1.0
ANSWER_SECONDS, ANSWER_TIMEOUT = 5.0, 30.0
MOST_AT_ONCE = 200_000
MOST_TOLD = 20
"""Records without an image that are told in words."""

MOST_BYTES = 1 << 28
"""Bytes of images in one answer: what exceeds them is asked for again."""


class PlacedImages(NamedTuple):
    """The images of records start..end.

    forms, splits: those that there are; table: int64 (n, 5), of each its form (-1: it has no image), file, offset,
    length and split (-1: none is said, or none was asked for); labels; bad: (index, why) of some without an image;
    files: the names of the files that they are in, where a folder is opened.
    """

    end: int
    forms: list[ImageForm]
    table: npt.NDArray[np.int64]
    labels: list[Label]
    bad: list[tuple[int, str]]
    files: list[str]
    splits: list[str]


@dataclass(frozen=True)
class ImagePlacesRequest(ReaderRequest[PlacedImages]):
    """Where the images from `start` on lie, as many as are found in about a second. A record is asked for once, in
    order. splits: what the file says of their splits is asked for too."""

    timeout = ANSWER_TIMEOUT
    start: int
    splits: bool = False

    def answer(self, opened: OpenedFile) -> Answer:
        forms: dict[ImageForm, int] = {}
        splits: dict[str, int] = {}
        rows: list[tuple[int, int, int, int, int]] = []
        labels: list[Label] = []
        bad: list[tuple[int, str]] = []
        stop, deadline = min(len(opened.records), self.start + MOST_AT_ONCE), time.monotonic() + STEP_SECONDS
        with opened.drawing(AS_THEY_ARE):
            for index in range(self.start, stop):
                if time.monotonic() > deadline:
                    break
                try:
                    form, offset, length, label, file = opened.image_places.place(index)
                except UNREADABLE as error:
                    bad += [(index, sentence(error))] if len(bad) < MOST_TOLD else []
                    rows.append((-1, 0, -1, 0, self._split(opened, index, splits)))
                    labels.append(None)
                    continue
                split = self._split(opened, index, splits)
                rows.append((forms.setdefault(form, len(forms)), file, offset, length, split))
                labels.append(label)
        told = {"end": self.start + len(rows), "forms": [form.to_json() for form in forms], "bad": bad}
        told["splits"] = list(splits)
        told["files"] = list(getattr(opened.image_places, "files", ()))
        table = np.array(rows, "<i8").reshape(-1, 5)
        return told, [table.tobytes(), dumps(labels).encode()]

    def _split(self, opened: OpenedFile, index: int, known: dict[str, int]) -> int:
        records = opened.records
        try:
            name = records.split(index) if self.splits and isinstance(records, Parted) else None
        except UNREADABLE:
            name = None
        return -1 if name is None else known.setdefault(name, len(known))

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> PlacedImages:
        table = np.frombuffer(blobs[0], "<i8").reshape(-1, 5)
        forms = [ImageForm.from_json(one) for one in fields["forms"]]
        splits = [str(name) for name in fields["splits"]]
        labels = json.loads(blobs[1])
        known = all(_within(table[:, column], len(names)) for column, names in ((0, forms), (4, splits)))
        if len(labels) != len(table) or not known:
            raise ValueError("an answer that does not fit together")
        bad = [(int(index), str(why)) for index, why in fields["bad"]]
        files = [str(name) for name in fields["files"]]
        return PlacedImages(int(fields["end"]), forms, table, [_label(one) for one in labels], bad, files, splits)


def _within(numbers: npt.NDArray[np.int64], count: int) -> bool:
    """Whether each is -1 or the number of one of so many."""
    return bool(((numbers >= -1) & (numbers < count)).all())


def _label(told: Any) -> Label:
    return told if isinstance(told, int | str) else None


@dataclass(frozen=True)
class ImageBytesRequest(ReaderRequest[list[tuple[ImageForm | None, bytes]]]):
    """The images of some records: (form, bytes) each, bare pixels as they are drawn, or an image file; (None, why) for
    a record that has none. Fewer than asked for, but one, where they would be too many bytes or take too long."""

    timeout = ANSWER_TIMEOUT
    indices: Sequence[int]

    def answer(self, opened: OpenedFile) -> Answer:
        forms: list[list[Any] | None] = []
        blobs: list[Buffer] = []
        left, deadline = MOST_BYTES, time.monotonic() + ANSWER_SECONDS
        for index in self.indices:
            data: Buffer
            try:
                form, data = image_of(opened, index)
                forms.append(form.to_json())
            except UNREADABLE as error:
                data = sentence(error).encode()
                forms.append(None)
            blobs.append(data)
            left -= len(data)
            if left < 0 or time.monotonic() > deadline:
                break
        return {"forms": forms}, blobs

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> list[tuple[ImageForm | None, bytes]]:
        told = zip(fields["forms"], blobs, strict=True)
        return [(None if form is None else ImageForm.from_json(form), data) for form, data in told]

    def to_json(self) -> dict[str, Any]:
        return {"indices": list(map(int, self.indices))}
