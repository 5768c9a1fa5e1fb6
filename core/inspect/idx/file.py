"""Read-only access to an idx file, and to the labels that lie beside one of images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...base.errors import InputError
from ...formats.maps import mapped
from ..display import Choice
from ..inflated_bytes import GZIP, InflatedBytes
from ..named_arrays.array import InflatedArray, MemoryArray, NamedArray
from ..records import ReadCost
from .detect import stated_length
from .header import LONGEST, IdxHeader, behind_gzip, header_of, is_gzip

_MOST_LABELS = 1 << 27
"""Bytes of labels that are read at once."""


class IdxFile:
    """One array. `header.shape` is what is promised; `entries` how many of its first axis are there."""

    kind: ClassVar[str] = "idx"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self._map = mapped(path)
        data = memoryview(self._map)
        self.compressed = is_gzip(bytes(data[:3]))
        self.size = len(data)
        head = behind_gzip(bytes(data[: 1 << 12])) if self.compressed else bytes(data[:LONGEST])
        header = header_of(head)
        if header is None:
            raise InputError(f"{path} is no idx file: its magic number, type and shape are none")
        self.header: IdxHeader = header
        self._problem: str | None = None
        self.array = self._inflated(data) if self.compressed else self._plain(data)
        self.entries = self.array.shape[0]

    def _plain(self, data: memoryview) -> NamedArray:
        """The numbers in the map: as many whole entries as there are."""
        header = self.header
        row = (header.end - header.start) // header.shape[0]
        count = min((self.size - header.start) // row, header.shape[0])
        if self.size < header.end:
            self._problem = (
                f"the file is cut short: its header says {header.shape[0]:,} entries, {count:,} are whole "
                f"({header.end - self.size:,} bytes are missing)"
            )
        elif self.size > header.end:
            self._problem = f"{self.size - header.end:,} bytes lie behind what the header says; they are not looked at"
        values = np.frombuffer(data, header.dtype, count * row // header.dtype.itemsize, header.start)
        return MemoryArray(self.path.name, values.reshape(count, *header.shape[1:]))

    def _inflated(self, data: memoryview) -> NamedArray:
        header = self.header
        if stated_length(bytes(data[-4:])) != header.end % (1 << 32):
            self._problem = (
                "the length at the end of this gzip file is not that of its array: it may be cut short, or more follows"
            )
        inflated = InflatedBytes(data, GZIP, header.end)
        return InflatedArray(self.path.name, header.shape, header.dtype, self.size, inflated, header.start)

    @cached_property
    def labels(self) -> Labels:
        """Those of the images in this file."""
        return labels_beside(self.path, self.header.shape[0])

    def structure(self) -> Mapping[str, Any]:
        """Type and shape, and where the numbers lie."""
        header = self.header
        return {
            "dtype": str(header.dtype),
            "shape": list(header.shape),
            "header_bytes": header.start,
            "data_bytes": header.end - header.start,
            "file_bytes": self.size,
            "compression": "gzip" if self.compressed else "none",
            "read_cost": self._read_cost().to_json(),
        }

    def _read_cost(self) -> ReadCost:
        """Of one entry of the array, without its label."""
        own = self.array.row_bytes(0)
        if not self.compressed:
            return ReadCost(own, own, "the entry's own bytes")
        return ReadCost(self.array.touched_bytes(0), own, "what is inflated to reach the entry, once it was passed")

    def warnings(self) -> list[str]:
        return [] if self._problem is None else [self._problem]

    def close(self) -> None:
        """The map goes with the last array that refers to it."""


class Labels:
    """The class numbers in a file beside: `numbers` int64 (n,), or None with the reason in `problem`."""

    def __init__(self, name: str = "", numbers: np.ndarray[Any, Any] | None = None, problem: str = "") -> None:
        self.name = name
        self.numbers = numbers
        self.problem = problem


def labels_beside(path: Path, count: int) -> Labels:
    """Those of `count` images in the file `path`, by the usual names. A file that does not fit is told, not used."""
    problem = ""
    for other in _candidates(path):
        try:
            if other.is_symlink() or not other.is_file():
                continue
            file = IdxFile(other)
        except (OSError, InputError):
            continue
        shape = file.header.shape
        if shape[0] != count:
            problem = f"{other.name} has {shape[0]:,} labels for {count:,} images, so it is not used"
            continue
        if file.header.dtype.kind not in "iu" or file.array.size * file.header.dtype.itemsize > _MOST_LABELS:
            continue
        try:
            values = file.array.rows(0, 0, count)
        except ValueError as error:
            problem = f"{other.name} cannot be read: {error}"
            continue
        if len(values) == count:
            # QMNIST keeps eight numbers for each image, the class first.
            return Labels(other.name, values.reshape(count, -1)[:, 0].astype(np.int64))
    return Labels(problem=problem)


def _candidates(path: Path) -> Iterator[Path]:
    """train-images-idx3-ubyte(.gz) -> train-labels-idx1-ubyte(.gz), and the like with a dot, or another type."""
    name = path.name.removesuffix(".gz")
    if "images" not in name:
        return
    called = name.replace("images", "labels")
    for wanted in dict.fromkeys(
        (re.sub(r"idx[34]", "idx1", called), re.sub(r"idx[34]-ubyte", "idx2-int", called), called)
    ):
        yield path.with_name(wanted)
        yield path.with_name(f"{wanted}.gz")
