"""The datasets of an HDF5 file by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import h5py

from .walk import TROUBLE, Hdf5Tree, one_line

KEPT_OPEN = 512
"""Datasets that are kept open."""


class Datasets(Mapping[str, h5py.Dataset]):
    """The datasets of a file by name, opened when they are asked for and kept open for a while."""

    def __init__(self, file: h5py.File, tree: Hdf5Tree) -> None:
        self._file = file
        self._nodes = tree.datasets
        self._open: dict[str, h5py.Dataset] = {}

    def __getitem__(self, name: str) -> h5py.Dataset:
        """Raises KeyError where there is none, or none that can be opened."""
        if name not in self._open:
            raw = self._nodes[name].raw
            if len(self._open) >= KEPT_OPEN:
                del self._open[next(iter(self._open))]
            try:
                self._open[name] = h5py.Dataset(h5py.h5d.open(self._file.id, raw))
            except TROUBLE as error:
                raise KeyError(f"/{name} cannot be opened: {one_line(error)}") from None
        return self._open[name]

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)
