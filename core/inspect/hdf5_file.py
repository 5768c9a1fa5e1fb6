"""Read-only access to the datasets of an HDF5 file, in a process that may die of it (see `process`)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np

from core.errors import InputError

with contextlib.suppress(ImportError):  # brings the chunk filters beyond gzip, where it is installed
    import hdf5plugin  # noqa: F401

MAX_OBJECTS = 100_000
"""Objects visited in one file; what lies beyond is not looked at, and that is said."""

MAX_READ = 1 << 29
"""512 MiB; a chunk or a single record that is larger is refused before it is read."""


class Hdf5File:
    """Every dataset of one file, each once, whatever links lead to it; links to other files are not followed."""

    kind: ClassVar[str] = "hdf5"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._warnings: list[str] = []
        try:
            self._file = h5py.File(path, "r", locking=False)
            self.datasets = dict(self._walk())
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise InputError(f"{path} is an HDF5 file that cannot be opened: {_one_line(error)}") from None

    def _walk(self) -> Iterator[tuple[str, h5py.Dataset]]:
        seen: set[Any] = set()
        pending: list[tuple[str, h5py.Group]] = [("", self._file)]
        while pending:
            prefix, group = pending.pop(0)
            for name, item in self._children(prefix, group):
                token = (type(item), h5py.h5o.get_info(item.id).addr)
                if token in seen:
                    continue
                seen.add(token)
                if len(seen) > MAX_OBJECTS:
                    self._warnings.append(f"only the first {MAX_OBJECTS:,} objects of this file were looked at")
                    return
                if isinstance(item, h5py.Dataset):
                    yield name, item
                elif isinstance(item, h5py.Group):
                    pending.append((name, item))

    def _children(self, prefix: str, group: h5py.Group) -> Iterator[tuple[str, Any]]:
        try:
            names = list(group)
        except (RuntimeError, OSError, KeyError, ValueError) as error:
            self._warnings.append(f"group /{prefix} cannot be read: {_one_line(error)}")
            return
        for name in names:
            inner = f"{prefix}/{name}" if prefix else name
            try:
                link = group.get(name, getlink=True)
                if isinstance(link, h5py.ExternalLink):
                    self._warnings.append(f"/{inner} leads to another file ({link.filename}) and is not followed")
                    continue
                yield inner, group[name]
            except (RuntimeError, OSError, KeyError, ValueError, TypeError) as error:
                self._warnings.append(f"/{inner} cannot be read: {_one_line(error)}")

    def rows(self, dataset: h5py.Dataset, start: int, stop: int) -> np.ndarray[Any, Any]:
        """Rows start..stop of a dataset (all of a scalar). Raises ValueError that says why it cannot be read."""
        if dataset.external or dataset.is_virtual:
            raise ValueError(f"{dataset.name} lies in other files, which are not opened")
        count = prod(dataset.shape[1:]) * max(stop - start, 1)
        chunk = prod(dataset.chunks) if dataset.chunks else 0
        if max(count, chunk) * dataset.dtype.itemsize > MAX_READ:
            raise ValueError(f"reading {dataset.name} would take more than {MAX_READ >> 20} MiB at once")
        try:
            return np.asarray(dataset[()] if dataset.shape == () else dataset[start:stop])
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            raise ValueError(_explain(dataset, error)) from None

    def structure(self) -> Mapping[str, Any]:
        """The number of datasets, each counted once, and what each of the first few is."""
        status = self.path.stat()
        return {
            "datasets": len(self.datasets),
            "tree": [describe(name, dataset) for name, dataset in list(self.datasets.items())[:200]],
            "user_block_bytes": int(self._file.userblock_size),
            "apparent_bytes": status.st_size,
            "allocated_bytes": status.st_blocks * 512,
        }

    def warnings(self) -> list[str]:
        return list(self._warnings)

    def attributes(self) -> dict[str, Any]:
        """The root's attributes that are plain; one that cannot be read is left out and warned of."""
        plain: dict[str, Any] = {}
        for name in list(self._file.attrs)[:200]:
            try:
                plain[name] = self._file.attrs[name]
            except (OSError, RuntimeError, ValueError, TypeError) as error:
                self._warnings.append(f"attribute {name} cannot be read: {_one_line(error)}")
        return plain

    def close(self) -> None:
        self._file.close()


def describe(name: str, dataset: h5py.Dataset) -> dict[str, Any]:
    """One dataset as plain JSON: name, shape, dtype, layout, filter, logical and stored bytes."""
    return {
        "name": name,
        "shape": None if dataset.shape is None else list(dataset.shape),
        "dtype": str(dataset.dtype),
        "layout": "chunked" if dataset.chunks else "virtual" if dataset.is_virtual else "contiguous",
        "chunk": list(dataset.chunks) if dataset.chunks else None,
        "filter": ", ".join(filters(dataset)) or None,
        "logical_bytes": int(dataset.nbytes) if dataset.shape is not None else 0,
        "stored_bytes": int(dataset.id.get_storage_size()),
    }


def filters(dataset: h5py.Dataset) -> list[str]:
    """The names of a dataset's chunk filters, as the file itself calls them."""
    properties = dataset.id.get_create_plist()
    names = (properties.get_filter(index) for index in range(properties.get_nfilters()))
    return [(text.decode("utf-8", "replace").split("\x00")[0] or f"filter {code}") for code, _, _, text in names]


def _explain(dataset: h5py.Dataset, error: Exception) -> str:
    if "filter" in str(error).lower():
        return f"{dataset.name} needs a filter ({', '.join(filters(dataset))}); pip install hdf5plugin brings most"
    return f"{dataset.name} cannot be read: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
