"""Reading an HDF5 container."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, Extents, FieldLayout, Labels
from ...base.errors import InputError
from ..container import MappedContainerReader, checked_labels, open_file
from ..field_reading import FieldsInContainer, Found
from ..handles import PerProcess
from ..maps import release_pages
from .checked import check_chunks, dataset_of, open_readonly, place_of
from .fields import FieldGroup
from .heap import REFERENCE, Collections

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


class Hdf5Reader(FieldsInContainer, MappedContainerReader):
    """What lies in the file as it is (contiguous layouts, values of variable length) is read through a map; chunks are
    h5py's."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._payloads = PerProcess(partial(_open_payloads, path))
        self._field_group = PerProcess(self._open_fields)

    def _open(self) -> None:
        self._payloads.get()

    def _labels(self) -> Labels:
        with open_readonly(self._path) as file:
            return _numbers(file, "labels", self._path)

    def _metadata(self) -> Mapping[str, Any]:
        with open_readonly(self._path) as file:
            if "metadata" not in file.attrs:
                raise InputError(f"{self._path} has no attribute 'metadata': not a store of ours, or damaged")
            metadata = dict(json.loads(file.attrs["metadata"]))
            return {**metadata, "classes": _classes(file, self._path)}

    def _dictionary(self) -> bytes | None:
        with open_readonly(self._path) as file:
            if "dictionary" not in file:
                return None
            dictionary = dataset_of(file, "dictionary", 1, "u", self._path)
            place_of(dictionary, self._path)
            return bytes(dictionary[()].tobytes())

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        return self._payloads.get().read(indices)

    def _open_fields(self) -> FieldGroup:
        return FieldGroup(self._path, self.field_layouts(), len(self), _Vlen)

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        return self._field_group.get().read(indices, layouts)

    def _key(self, index: int) -> str:
        return f"{self._payloads.get().dataset}[{index}]"

    def _stored_bytes(self, index: int) -> int:
        """Its bytes; in a chunk its part of the compressed chunk; as a variable-length entry the 16-byte heap
        reference and 16-byte heap object header too."""
        return self._payloads.get().stored_bytes(index)

    def _extents_of_all(self) -> Extents | None:
        """None for chunked and variable-length layouts."""
        return self._payloads.get().extents()

    def release(self) -> None:
        """Gives the map's pages back, where there is a map; views stay valid and fetch them again."""
        with self._told("its map cannot be released"):
            self._payloads.get().release()

    def close(self) -> None:
        """Closes the file; views handed out before keep their map."""
        for handle in (self._payloads.take(), self._field_group.take()):
            if handle is not None:
                handle.close()


class _Readable(Protocol):
    dataset: str

    def read(self, indices: Sequence[int]) -> list[Buffer]: ...

    def stored_bytes(self, index: int) -> int: ...

    def extents(self) -> Extents | None: ...

    def release(self) -> None: ...

    def close(self) -> None: ...


def _numbers(file: h5py.File, name: str, path: Path) -> Numbers:
    """A contiguous dataset of whole numbers, int64 (n,)."""
    dataset = dataset_of(file, name, 1, "iu", path)
    if name != "offsets" or not _is_lone_zero(dataset):
        place_of(dataset, path)
    return checked_labels(dataset[()], path)


def _is_lone_zero(dataset: h5py.Dataset) -> bool:
    """The offsets of no samples at all are one 0, which older stores leave to HDF5."""
    return len(dataset) == 1 and dataset.id.get_storage_size() == 0


def _classes(file: h5py.File, path: Path) -> list[str]:
    """The names of the classes, read without the library, which would follow a damaged heap for ever."""
    dataset = dataset_of(file, "classes", 1, "O", path)
    names = _Vlen(file, path, dataset)
    return [bytes(name).decode() for name in names.read(range(len(dataset)))]


def _open_payloads(path: Path) -> _Readable:
    file = open_readonly(path)
    try:
        labels = len(dataset_of(file, "labels", 1, "iu", path))
        payloads, count = _payloads(file, path)
        if count != labels:
            raise InputError(f"{path} is damaged: {count:,} samples and {labels:,} labels")
        return payloads
    except BaseException:
        file.close()
        raise


def _payloads(file: h5py.File, path: Path) -> tuple[_Readable, int]:
    """What reads the payloads of a file, and how many there are."""
    if "images" not in file:
        offsets = _numbers(file, "offsets", path)
        packed = dataset_of(file, "bytes", 1, "u", path)
        if not len(offsets) or offsets[0] < 0 or (offsets[1:] < offsets[:-1]).any() or offsets[-1] > len(packed):
            raise InputError(f"{path}: offsets do not fit the bytes: the file is damaged")
        if packed.chunks is not None:
            check_chunks(packed, path)
            return _ChunkedBytes(file, packed, offsets), len(offsets) - 1
        return _Mapped(file, path, packed, offsets[:-1].copy(), np.diff(offsets)), len(offsets) - 1
    if len(getattr(file["images"], "shape", None) or ()) == 1:
        references = dataset_of(file, "images", 1, "O", path)
        return _Vlen(file, path, references), len(references)
    images = dataset_of(file, "images", 4, "u", path)
    if images.chunks is not None:
        with suppress(ImportError):
            import hdf5plugin  # noqa: F401 - registers the zstd and lz4 filters; gzip and lzf need it not
        check_chunks(images, path)
        return _ChunkedImages(file, images), len(images)
    sample = prod(images.shape[1:])
    offsets = np.arange(len(images), dtype=np.int64) * sample
    return _Mapped(file, path, images, offsets, np.full(len(images), sample, np.int64)), len(images)


def _map(path: Path) -> np.memmap[Any, np.dtype[np.uint8]]:
    with open_file(path.resolve()) as file:
        return np.memmap(file, np.uint8, "r")


class _InMap:
    """What is served as views of the mapped file."""

    def __init__(self, file: h5py.File, path: Path, dataset: h5py.Dataset) -> None:
        if dataset.chunks is None and dataset.dtype.kind == "u" and dataset.dtype.itemsize != 1:
            raise InputError(f"{path} is damaged: {dataset.name} is {dataset.dtype}, not bytes")
        self.dataset = dataset.name.lstrip("/")
        self._start = place_of(dataset, path)
        self._map = _map(path)
        self._memory = self._map.data

    def release(self) -> None:
        release_pages(self._map)

    def close(self) -> None:
        """The map goes with its last view."""


class _Mapped(_InMap):
    """A contiguous dataset of bytes: a stretch of the file."""

    def __init__(self, file: h5py.File, path: Path, dataset: h5py.Dataset, offsets: Numbers, lengths: Numbers) -> None:
        super().__init__(file, path, dataset)
        file.close()
        offsets += self._start  # in place: at a million samples a copy more is eight megabytes more
        self._extents = Extents(self._map, offsets, lengths)

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        chosen = np.asarray(indices, np.int64)
        starts = self._extents.offsets[chosen]
        ends = starts + self._extents.lengths[chosen]
        memory = self._memory
        return [memory[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def stored_bytes(self, index: int) -> int:
        return int(self._extents.lengths[index])

    def extents(self) -> Extents | None:
        return self._extents


class _Vlen(_InMap):
    """One heap object a sample, found when it is asked for."""

    def __init__(self, file: h5py.File, path: Path, dataset: h5py.Dataset) -> None:
        super().__init__(file, path, dataset)
        properties = file.id.get_create_plist()
        if dataset.chunks is not None or properties.get_sizes() != (8, 8):
            raise InputError(f"{path}: {self.dataset!r} is not kept as our stores keep it: it is damaged")
        end = self._start + len(dataset) * REFERENCE.itemsize
        self._references = self._map[self._start : end].view(REFERENCE)
        memory = self._memory
        self._heap = Collections(
            lambda offset, length: memory[offset : offset + length], properties.get_userblock(), len(memory)
        )

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        """Raises ValueError for a sample that is not where its reference leads."""
        references = self._references[np.asarray(indices, np.int64)].tolist()
        return [self._value(*reference) for reference in references]

    def _value(self, length: int, address: int, index: int) -> Buffer:
        if length == 0:
            return b""
        found = self._heap.find(length, address, index)
        if isinstance(found, str):
            raise ValueError(f"its reference {found}")
        return self._memory[found.offset : found.offset + length]

    def stored_bytes(self, index: int) -> int:
        return int(self._references[index]["length"]) + 32

    def extents(self) -> Extents | None:
        return None


class _ThroughH5py:
    """What the layouts share that only h5py can read."""

    def __init__(self, file: h5py.File, dataset: h5py.Dataset) -> None:
        self.dataset = dataset.name.lstrip("/")
        self._file = file
        self._data = dataset

    def extents(self) -> Extents | None:
        return None

    def release(self) -> None:
        """There is nothing to give back."""

    def close(self) -> None:
        self._file.close()


class _ChunkedImages(_ThroughH5py):
    """Every chunk that a batch touches is read once."""

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        samples = self._data.chunks[0]
        chunks: dict[int, np.ndarray] = {}
        for index in indices:
            number = index // samples
            if number not in chunks:
                chunks[number] = self._data[number * samples : (number + 1) * samples]
        return [_view(chunks[index // samples][index % samples].reshape(-1)) for index in indices]

    def stored_bytes(self, index: int) -> int:
        samples = self._data.chunks[0]
        origin = (index // samples * samples, *(0,) * (self._data.ndim - 1))
        return int(self._data.id.get_chunk_info_by_coord(origin).size // samples)


class _ChunkedBytes(_ThroughH5py):
    """Payloads end to end in a dataset that grew."""

    def __init__(self, file: h5py.File, dataset: h5py.Dataset, offsets: np.ndarray) -> None:
        super().__init__(file, dataset)
        self._offsets = offsets

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        return [_view(self._data[self._offsets[index] : self._offsets[index + 1]]) for index in indices]

    def stored_bytes(self, index: int) -> int:
        return int(self._offsets[index + 1] - self._offsets[index])


def _view(values: np.ndarray) -> memoryview:
    return values.data
