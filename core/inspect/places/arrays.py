"""Where the images of an array lie that is bare in its file: rows of NumPy's, of idx files, of CIFAR's batches."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ...base.contracts import Pixels
from ..records import UNREADABLE, Label
from .form import PIXELS, ImageForm, ImagePlace
from .layout import as_rgb, form_of
from .search import BytesSearch

if TYPE_CHECKING:
    from ..contents import Content
    from ..display import Drawn
    from .form import ImagePlaces


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image as a row of an array: its `values` as they lie there, and the fields of a record with other values in
    their place. key: of the array; file: the name of the one that it is in, where a folder is opened."""

    key: str
    values: npt.NDArray[Any]
    fields: Callable[[npt.NDArray[Any]], Mapping[str, Any]]
    file: str = ""


class OfRows(Protocol):
    """Records of named fields whose images are rows of arrays."""

    def image_row(self, index: int) -> ImageRow | None:
        """None where a sample has several images, or none. Raises ValueError where it cannot be read."""
        ...

    def images_among(self, fields: Mapping[str, Any]) -> Mapping[str, Content]: ...

    def drawn(self, name: str, content: Content) -> tuple[Drawn | None, str | None]: ...

    def label(self, index: int) -> Label: ...


class ArrayPlaces:
    """See `form.ImagePlaces`. How a row becomes a picture is tried out once for each array."""

    def __init__(self, records: OfRows, other: ImagePlaces, path: Path, labelled: bool) -> None:
        self._records = records
        self._other = other
        self._path = path
        self._labelled = labelled
        self._forms: dict[str, ImageForm | None] = {}
        self._searches: dict[str, BytesSearch] = {}
        self.files: list[str] = []

    def place(self, index: int) -> ImagePlace:
        row = self._records.image_row(index)
        if row is None or row.values.dtype != np.uint8:
            return self._other.place(index)
        if row.key not in self._forms:
            self._forms[row.key] = self._tried(row)
        form = self._forms[row.key]
        if form is None:
            return self._other.place(index)
        label = self._records.label(index) if self._labelled else None
        at = self._found(row) if row.values.flags.c_contiguous else -1
        if at < 0:
            return ImagePlace(ImageForm(PIXELS, form.height, form.width), -1, 0, label)
        return ImagePlace(form, at, form.size, label, self.files.index(row.file) if row.file else 0)

    def _found(self, row: ImageRow) -> int:
        """Where the row lies in its file: where the map says, or where its bytes are found; -1 for nowhere."""
        if row.file not in self._searches:
            self._searches[row.file] = BytesSearch(self._path / row.file if row.file else self._path)
            self.files += [row.file] if row.file else []
        search, data = self._searches[row.file], row.values.tobytes()
        at = mapped_at(row.values)
        return at if search.has(at, data) else search.find(data)

    def _tried(self, row: ImageRow) -> ImageForm | None:
        """What becomes of other values in its place."""
        values = np.random.default_rng(3).integers(0, 256, row.values.shape, np.uint8)
        try:
            return form_of(values.reshape(-1), self._picture(row, values))
        except UNREADABLE:
            return None

    def _picture(self, row: ImageRow, values: npt.NDArray[np.uint8]) -> Pixels | None:
        images = self._records.images_among(row.fields(values))
        name = next(iter(images), None)
        if name is None or images[name].problem is not None:
            return None
        drawn, undrawn = self._records.drawn(name, images[name])
        if undrawn is not None:
            return None
        return images[name].pixels if drawn is None else as_rgb(drawn.numbers)


def mapped_at(values: npt.NDArray[Any]) -> int:
    """Where values begin in the map of a file that they are a view of; -1 where they are none."""
    owner: Any = values
    while isinstance(owner, np.ndarray):
        owner = owner.base
    owner = owner.obj if isinstance(owner, memoryview) else owner
    if not isinstance(owner, mmap.mmap):
        return -1
    return values.ctypes.data - np.frombuffer(owner, np.uint8).ctypes.data
