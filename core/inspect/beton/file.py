"""One beton, open: a map, the metadata of all samples as a view of it, and the sizes of what is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...base.errors import InputError
from ...formats.maps import mapped
from ..display import Choice
from ..records import Finding, ReadCost
from ..values import MAX_INFLATED
from .layout import ALLOCATION, FIELD, HEADER, MOST_FIELDS, NAMES, header_of

MOST_ALLOCATIONS = 30_000_000
MOST_SUMMED = 1_000_000
"""Allocations whose sizes are added up to tell what a sample costs."""


class BetonFile:
    """Raises InputError where header and metadata cannot be read."""

    kind: ClassVar[str] = "beton"

    def __init__(self, path: Path) -> None:
        self.choice = Choice()
        self.path = path
        self.data = mapped(path)
        self.findings: list[Finding] = []
        self._warnings: list[str] = []
        try:
            self.header = header_of(self.data[: HEADER.size + FIELD * MOST_FIELDS], len(self.data))
            self.metadata = self._metadata()
        except ValueError as error:
            self.data.close()
            raise InputError(f"{path} is damaged or cannot be read: {error}; copy it again") from None
        if not self.header.table:
            told = "FFCV's writer did not finish: labels and places were never written, and all of them read as zero"
            self.findings.append(Finding("unfinished", 1, "the allocation table is at byte 0", told, "write it again"))

    def _metadata(self) -> np.ndarray[Any, Any]:
        """Of all samples, a view. Fewer where the file ends before."""
        dtype, start = self.header.metadata, self.header.start
        fits = (len(self.data) - start) // dtype.itemsize
        if self.header.samples > fits:
            told = f"metadata of {self.header.samples:,} samples is said, and that of {fits:,} lies in the file"
            raise ValueError(told)
        return np.frombuffer(self.data, dtype, self.header.samples, start)

    @property
    def samples(self) -> int:
        return len(self.metadata)

    def column(self, number: int) -> np.ndarray[Any, Any]:
        """The metadata of one field in all samples."""
        return self.metadata[f"f{number}"]

    def bytes_at(self, start: int, count: int) -> bytes:
        """Raises ValueError where they do not lie behind the metadata, in the file."""
        first = self.header.start + self.metadata.nbytes
        if count > MAX_INFLATED:
            raise ValueError(f"{count:,} bytes at {start:,} are more than are read here")
        if start < first or start + count > len(self.data):
            raise ValueError(f"bytes {start:,} to {start + count:,} lie outside of the data of this file")
        return self.data[start : start + count]

    @cached_property
    def _allocated(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """(places ascending, bytes at each)."""
        count = (len(self.data) - self.header.table) // ALLOCATION.itemsize if self.header.table else 0
        if count > MOST_ALLOCATIONS:
            raise ValueError(f"its allocation table has {count:,} entries, more than are read here")
        table = np.frombuffer(self.data, ALLOCATION, count, self.header.table)
        places = np.ascontiguousarray(table["ptr"])
        order = np.argsort(places, kind="stable")
        return places[order], np.ascontiguousarray(table["size"])[order]

    def allocated(self, start: int) -> int:
        """The bytes that were allocated at a place. Raises ValueError where there are none."""
        places, sizes = self._allocated
        place = int(np.searchsorted(places, np.uint64(start)))
        if place >= len(places) or int(places[place]) != start:
            raise ValueError(f"nothing is allocated at byte {start:,}, where the data is said to lie")
        return int(sizes[place])

    def structure(self) -> Mapping[str, Any]:
        """Fields, pages and what a sample costs to read."""
        header = self.header
        rows = [
            {"name": field.name, "type": NAMES[field.type], "shape": list(field.shape) or None,
             "dtype": None if field.dtype is None else str(field.dtype)}
            for field in header.fields
        ]  # fmt: skip
        first = header.start + self.metadata.nbytes
        begin = -(-first // header.page) * header.page
        stop = header.table or len(self.data)
        return {
            "samples": self.samples,
            "apparent_bytes": len(self.data),
            "fields": rows,
            "page_bytes": header.page,
            "pages": max(-(-(stop - begin) // header.page), 0),
            "metadata_bytes": self.metadata.nbytes,
            "read_cost": self._cost(max(stop - begin, 0)).to_json(),
        }

    def _cost(self, data: int) -> ReadCost:
        """`data`: bytes of all pages, of which the allocation table says how many are used."""
        count = (len(self.data) - self.header.table) // ALLOCATION.itemsize if self.header.table else 0
        if 0 < count <= MOST_SUMMED:
            data = min(data, int(self._allocated[1].astype(np.float64).sum()))
        each = -(-data // self.samples) if self.samples else 0
        said = "its metadata, and its bytes on one page; FFCV reads the metadata of all samples when it opens the file"
        return ReadCost(each + self.metadata.dtype.itemsize, each, said, 2)

    def warnings(self) -> list[str]:
        return self._warnings

    def close(self) -> None:
        """The map goes with the last view of it."""
