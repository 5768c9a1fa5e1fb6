"""Reading a folder of NumPy files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, Extents, FieldLayout, Labels
from ...base.errors import InputError
from ..container import MappedContainerReader, open_file
from ..field_columns import ColumnReader
from ..field_reading import FieldsInContainer, Found
from ..folder import FolderFacts, needed
from ..maps import release_pages
from .fields import field_reader
from .layout import BYTES, IMAGES, LABELS, OFFSETS, NpyHeader, read_header


class NpyReader(FolderFacts, FieldsInContainer, MappedContainerReader):
    """Payloads are views of the mapped file, in a place that its header and the offsets tell."""

    def _open(self) -> None:
        self._extents  # noqa: B018 - it is read when it is first asked for

    def _labels(self) -> Labels:
        return _numbers(self._path, LABELS)

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        memory, offsets, lengths = self._extents
        chosen = np.asarray(indices, np.int64)
        starts = offsets[chosen]
        ends = starts + lengths[chosen]
        view = memory.data
        return [view[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        return [*self._columns.read(indices, layouts)]

    @cached_property
    def _columns(self) -> ColumnReader:
        return field_reader(self._path, self.field_layouts(), len(self))

    def _key(self, index: int) -> str:
        return f"{IMAGES if self._dense else BYTES}[{index}]"

    def _stored_bytes(self, index: int) -> int:
        return int(self._extents.lengths[index])

    def _extents_of_all(self) -> Extents:
        return self._extents

    def mapped_files(self) -> Sequence[Path]:
        return [self._path / (IMAGES if self._dense else BYTES)]

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        if "_extents" in self.__dict__:
            release_pages(self._extents.memory)

    def close(self) -> None:
        """Views that were handed out keep their map."""
        for name in ("_extents", "_columns"):
            self.__dict__.pop(name, None)

    @property
    def _dense(self) -> bool:
        return os.path.lexists(self._path / IMAGES)

    @cached_property
    def _extents(self) -> Extents:
        extents = _of_images(self._path) if self._dense else _of_bytes(self._path)
        if len(extents.offsets) != len(self.labels):
            raise InputError(
                f"{self._path} is damaged: {len(extents.offsets):,} samples and {len(self.labels):,} labels"
            )
        return extents


def _of_images(folder: Path) -> Extents:
    memory, told = _mapped(folder, IMAGES, 4)
    samples, each = told.shape[0], prod(told.shape[1:])
    return Extents(memory, told.start + np.arange(samples, dtype=np.int64) * each, np.full(samples, each, np.int64))


def _of_bytes(folder: Path) -> Extents:
    memory, told = _mapped(folder, BYTES, 1)
    offsets = _numbers(folder, OFFSETS)
    if not len(offsets) or offsets[0] < 0 or (offsets[1:] < offsets[:-1]).any() or offsets[-1] > told.shape[0]:
        raise ValueError(f"{OFFSETS} does not fit {BYTES}")
    return Extents(memory, offsets[:-1] + told.start, np.diff(offsets))


def _mapped(folder: Path, name: str, axes: int) -> tuple[npt.NDArray[np.uint8], NpyHeader]:
    """The whole file of bytes, uint8 (size,), and its header. Raises ValueError where it is not what we write."""
    with open_file(needed(folder, name)) as file:
        told = _checked(read_header(file), os.fstat(file.fileno()).st_size, name, "|u1", axes)
        return np.memmap(file, np.uint8, "r"), told


def _numbers(folder: Path, name: str) -> npt.NDArray[np.int64]:
    """int64 (n,)."""
    with open_file(needed(folder, name)) as file:
        told = _checked(read_header(file), os.fstat(file.fileno()).st_size, name, "<i8", 1)
        return np.frombuffer(file.read(told.size), "<i8").astype(np.int64)


def _checked(told: NpyHeader, size: int, name: str, dtype: str, axes: int) -> NpyHeader:
    if told.dtype != np.dtype(dtype) or len(told.shape) != axes or (told.fortran_order and axes > 1):
        raise ValueError(f"{name} is {told.dtype} of shape {told.shape}: not as our stores keep it")
    if told.size != size - told.start:
        raise ValueError(f"{name} has {size - told.start:,} bytes of numbers where its header tells of {told.size:,}")
    return told
