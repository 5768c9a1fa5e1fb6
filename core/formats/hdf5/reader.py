"""Reading an HDF5 container."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from math import prod
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

from core.contracts import Buffer, Extents, Labels
from core.errors import InputError
from core.formats.handles import PerProcess
from core.formats.maps import release_pages


class Hdf5Reader:
    """Contiguous layouts are read as what they are, bytes in a file, through a map; the rest through h5py."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._payloads = PerProcess(partial(_open_payloads, path))

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def labels(self) -> Labels:
        with open_readonly(self._path) as file:
            return np.asarray(_dataset(file, "labels", self._path)[()], np.int64)

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        with open_readonly(self._path) as file:
            if "metadata" not in file.attrs:
                raise InputError(f"{self._path} has no attribute 'metadata': not a store of ours, or damaged")
            metadata = dict(json.loads(file.attrs["metadata"]))
            classes = [name.decode() for name in _dataset(file, "classes", self._path)[()]]
            return {**metadata, "classes": classes}

    @cached_property
    def dictionary(self) -> bytes | None:
        with open_readonly(self._path) as file:
            return file["dictionary"][()].tobytes() if "dictionary" in file else None

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        return self._payloads.get().read(indices)

    def key(self, index: int) -> str:
        return f"{self._payloads.get().dataset}[{index}]"

    def stored_bytes(self, index: int) -> int:
        """Its bytes; in a chunk its part of the compressed chunk; as a variable-length entry the 16-byte heap
        reference and 16-byte heap object header too."""
        return self._payloads.get().stored_bytes(index)

    def extents(self) -> Extents | None:
        """Where every payload lies in the mapped file; None for chunked and variable-length layouts."""
        return self._payloads.get().extents()

    def release(self) -> None:
        """Gives the map's pages back, where there is a map; views stay valid and fetch them again."""
        extents = self.extents()
        if extents is not None:
            release_pages(extents.memory)

    def close(self) -> None:
        """Closes the file; views handed out before keep their map."""
        payloads = self._payloads.take()
        if payloads is not None:
            payloads.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return Hdf5Reader, (self._path,)


class _Readable(Protocol):
    dataset: str

    def read(self, indices: Sequence[int]) -> list[Buffer]: ...

    def stored_bytes(self, index: int) -> int: ...

    def extents(self) -> Extents | None: ...

    def close(self) -> None: ...


def open_readonly(path: Path) -> h5py.File:
    """Raises InputError where there is no HDF5 file that can be opened."""
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        raise InputError(f"{path} cannot be opened as HDF5: {error}") from None


def _dataset(file: h5py.File, name: str, path: Path) -> h5py.Dataset:
    if not isinstance(file.get(name), h5py.Dataset):
        raise InputError(f"{path} has no dataset {name!r}: not a store of ours, or damaged")
    return file[name]


def _open_payloads(path: Path) -> _Readable:
    file = open_readonly(path)
    if "images" not in file:
        offsets = np.asarray(_dataset(file, "offsets", path)[()], np.int64)
        packed = _dataset(file, "bytes", path)
        if not len(offsets) or offsets[0] < 0 or (offsets[1:] < offsets[:-1]).any() or offsets[-1] > len(packed):
            raise InputError(f"{path}: offsets do not fit the bytes: the file is damaged")
        if packed.chunks is not None:
            return _ChunkedBytes(file, packed, offsets)
        return _Mapped(file, path, packed, offsets[:-1], np.diff(offsets))
    images = _dataset(file, "images", path)
    if images.ndim == 1:
        return _Vlen(file, images)
    if images.chunks is not None:
        with suppress(ImportError):
            import hdf5plugin  # noqa: F401 - registers the zstd and lz4 filters; gzip and lzf need it not
        return _ChunkedImages(file, images)
    sample = prod(images.shape[1:])
    offsets = np.arange(len(images), dtype=np.int64) * sample
    return _Mapped(file, path, images, offsets, np.full(len(images), sample, np.int64))


class _Mapped:
    """A contiguous dataset: a stretch of the file that starts at `get_offset()`."""

    def __init__(
        self, file: h5py.File, path: Path, dataset: h5py.Dataset, offsets: np.ndarray, lengths: np.ndarray
    ) -> None:
        self.dataset = dataset.name.lstrip("/")
        start, end = dataset.id.get_offset() or 0, path.stat().st_size
        if len(lengths) and start + int(offsets[-1] + lengths[-1]) > end:
            raise InputError(f"{path} ends before its samples do: the file is truncated")
        file.close()
        offsets += start  # in place: at a million samples a copy more is eight megabytes more
        self._extents = Extents(np.memmap(path, np.uint8, "r"), offsets, lengths)
        self._memory = self._extents.memory.data

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

    def close(self) -> None:
        """The map goes with its last view."""


class _ThroughH5py:
    """What the layouts share that only h5py can read."""

    def __init__(self, file: h5py.File, dataset: h5py.Dataset) -> None:
        self.dataset = dataset.name.lstrip("/")
        self._file = file
        self._data = dataset

    def extents(self) -> Extents | None:
        return None

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


class _Vlen(_ThroughH5py):
    """One heap object a sample."""

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        return [_view(self._data[index]) for index in indices]

    def stored_bytes(self, index: int) -> int:
        return len(self._data[index]) + 32


def _view(values: np.ndarray) -> memoryview:
    return values.data
