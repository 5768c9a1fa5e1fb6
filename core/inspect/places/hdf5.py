"""Where the images of an HDF5 file lie: rows of a contiguous dataset, or of chunks that no filter has gone through."""

from __future__ import annotations

from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ...formats.maps import mapped
from ..hdf5.chunks import layout_of
from ..hdf5.facts import Facts
from ..hdf5.pixels import Look
from ..hdf5.runs import Run
from ..hdf5.walk import TROUBLE
from ..records import Label
from ..values import image_encoding
from .any_records import AnyPlaces
from .encoded import is_wide
from .form import PIXELS, ImageForm, ImagePlace
from .layout import as_rgb, form_of
from .search import BytesSearch

if TYPE_CHECKING:
    from ..hdf5.runs import Runs

HEAD = 32
COMPARED = 8
"""Rows that are read through the library and compared with what lies at their place, before any is believed."""

MOST_CHUNKS = 20_000_000


@runtime_checkable
class OfArray(Protocol):
    """A run whose images are rows of one array, one each."""

    look: Look

    @property
    def array(self) -> tuple[Facts, str] | None:
        """(the dataset, its layout); None where a sample has several frames."""
        ...


@runtime_checkable
class OfImageFiles(Protocol):
    """A run whose images are image files."""

    def image_file(self, index: int) -> bytes:
        """Raises ValueError where it cannot be read."""
        ...


class Hdf5Places:
    """See `form.ImagePlaces`."""

    def __init__(self, records: Runs, path: Path, labelled: bool) -> None:
        self._records = records
        self._labelled = labelled
        self._path = path
        self._search = BytesSearch(path)
        self._any = AnyPlaces(records, self._search.find)
        self._arrays: dict[int, PlacedArrayRows | None] = {}

    def place(self, index: int) -> ImagePlace:
        number, inner = self._records.place(index)
        run = self._records.runs[number]
        if number not in self._arrays:
            self._arrays[number] = PlacedArrayRows.of(run, self._path) if isinstance(run, OfArray) else None
        rows = self._arrays[number]
        if rows is not None:
            at, label = rows.offset(inner), self._label(run, inner)
            if at >= 0:
                return ImagePlace(rows.form, at, rows.form.size, label)
            return ImagePlace(ImageForm(PIXELS, rows.form.height, rows.form.width), -1, 0, label)
        if isinstance(run, OfImageFiles):
            data = run.image_file(inner)
            encoding = image_encoding(data[:HEAD])
            if encoding is not None and not is_wide(data[:HEAD], encoding):
                return ImagePlace(ImageForm(encoding), self._search.find(data), len(data), self._label(run, inner))
        return self._any.place(index)

    def _label(self, run: Run, inner: int) -> Label:
        return run.label(inner) if self._labelled else None


class PlacedArrayRows:
    """Where the rows of one array of images lie. `form`: of each; pictures are drawn by it, wherever they lie."""

    def __init__(self, facts: Facts, form: ImageForm, memory: Any) -> None:
        self.form = form
        self._facts = facts
        self._memory = memory
        self._row = form.size

    @classmethod
    def of(cls, run: OfArray, path: Path) -> PlacedArrayRows | None:
        """None for an array whose rows are no pixels of 8 bits, or whose axes are in no order that is known here."""
        told = run.array
        if told is None:
            return None
        facts, layout = told
        form = _form(facts, layout, run.look) if facts.dtype == np.uint8 and layout[0] == "N" else None
        return None if form is None else cls(facts, form, mapped(path))

    def offset(self, row: int) -> int:
        """-1 for a row that does not lie bare, or of which nothing was written."""
        if not self._believed:
            return -1
        return self._offset(row)

    def _offset(self, row: int) -> int:
        if self._start is not None:
            at = self._start + row * self._row
        elif self._chunks is not None:
            chunk, place = divmod(row, self._rows_each)
            begin = int(self._chunks[chunk])
            at = begin + place * self._row if begin >= 0 else -1
        else:
            return -1
        return at if 0 <= at <= len(self._memory) - self._row else -1

    @cached_property
    def _whole(self) -> bool:
        """Whether rows lie one behind the other: nothing of the dataset is padding."""
        dataset = self._facts.dataset
        return tuple(map(int, dataset.shape)) == self._facts.shape and prod(self._facts.shape[1:]) == self._row

    @cached_property
    def _start(self) -> int | None:
        """Where a contiguous dataset begins."""
        dataset = self._facts.dataset
        if not self._whole or layout_of(dataset) != "contiguous":
            return None
        offset = dataset.id.get_offset()
        return None if offset is None else int(offset)

    @property
    def _rows_each(self) -> int:
        return int(self._facts.dataset.chunks[0])

    @cached_property
    def _chunks(self) -> npt.NDArray[np.int64] | None:
        """Where each chunk begins, -1 for one that is not there; None where rows are cut or went through a filter."""
        dataset = self._facts.dataset
        chunks = dataset.chunks
        if not self._whole or chunks is None or tuple(chunks[1:]) != self._facts.shape[1:]:
            return None
        if dataset.id.get_create_plist().get_nfilters():
            return None
        count = -(-len(self._facts.dataset) // int(chunks[0]))
        if count > MOST_CHUNKS:
            return None
        places = np.full(count, -1, np.int64)

        def note(info: Any) -> None:
            chunk = int(info.chunk_offset[0]) // int(chunks[0])
            if 0 <= chunk < count and not info.filter_mask:
                places[chunk] = int(info.byte_offset)

        dataset.id.chunk_iter(note)
        return places

    @cached_property
    def _believed(self) -> bool:
        """Whether some rows, read by the library, are what lies at their places."""
        try:
            places = dict.fromkeys(np.linspace(0, self._facts.shape[0] - 1, COMPARED).astype(int).tolist())
            return all(self._is_there(row) for row in places)
        except (*TROUBLE, ValueError):
            return False

    def _is_there(self, row: int) -> bool:
        at = self._offset(row)
        if at < 0:
            return True  # nothing is said of it
        read = self._facts.file.rows(self._facts.dataset, row, row + 1)
        return bool(self._memory[at : at + self._row] == read.tobytes())


def _form(facts: Facts, layout: str, look: Look) -> ImageForm | None:
    """How the bytes of a row become a picture."""
    rest = layout[1:]
    if len(rest) not in (2, 3) or "T" in rest:
        return None
    values = np.random.default_rng(3).integers(0, 256, facts.shape[1:], np.uint8)
    try:
        drawn = as_rgb(look.draw(values).numbers)
    except (ValueError, *TROUBLE):
        return None
    return form_of(values.reshape(-1), drawn)
