"""Read-only access to the arrays of an .npz."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...formats.maps import mapped
from ..display import Choice
from ..hdf5.origins import parameters_by_name
from ..inflated_bytes import InflatedBytes
from ..named_arrays.read_cost import read_cost_of
from ..npy.arrays import ArraySource, FoundArrays, InflatedSource, MappedSource
from ..records import Finding, ReadCost
from ..zip_members import DEFLATED, METHODS, STORED, ZipMember, members

MOST_ARRAYS = 2_000
RAW_DEFLATE = -15
"""Deflate without zlib's header, as zlib counts (`wbits`)."""


class NpzFile:
    """Its arrays: those that are stored are views of the map, the others are inflated as far as they are asked for."""

    kind: ClassVar[str] = "npz"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.doubts: dict[str, str] = {}
        self.read_cost: ReadCost | None = None
        self.found = FoundArrays()
        self._memory = memoryview(mapped(path))
        self._compressed = 0
        try:
            for number, member in enumerate(members(self._memory)):
                if number >= MOST_ARRAYS:
                    self.found.problems.append(f"only the first {MOST_ARRAYS:,} members are looked at")
                    break
                self._add(member)
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}") from None
        if not self.found.listed:
            raise InputError(f"{path} is damaged: {next(iter(self.found.problems), 'it holds no array')}")
        self.arrays, self.others = self.found.arrays, self.found.others
        compressed = f", {self._compressed:,} of them compressed" if self._compressed else ""
        self.said = f"a zip archive of {len(self.found.listed):,} .npy files{compressed}"
        told = parameters_by_name([array.name for array in self.arrays if array.is_numbers])
        self.model = None if told is None else f"its arrays are {told}"

    def _add(self, member: ZipMember | str) -> None:
        if isinstance(member, str):
            self.found.problems.append(member)
            return
        if not member.name.endswith(".npy"):
            self.found.others[member.name] = f"a file of {member.size:,} bytes that is no array"
            return
        source = self._source(member)
        if source is None:
            method = METHODS.get(member.method, f"method {member.method}")
            self.found.problems.append(f"{member.name} is compressed with {method}, which NumPy does not write")
            return
        self._compressed += member.method == DEFLATED
        self.found.add(member.name.removesuffix(".npy"), source, member.stored, member.start)

    def _source(self, member: ZipMember) -> ArraySource | None:
        data = self._memory[member.start : member.start + member.stored]
        if member.method == STORED:
            return MappedSource(data)
        return InflatedSource(InflatedBytes(data, RAW_DEFLATE, member.size)) if member.method == DEFLATED else None

    @property
    def findings(self) -> list[Finding]:
        return self.found.findings

    def structure(self) -> Mapping[str, Any]:
        """Its arrays: name, type, shape, order of axes, bytes in the archive, and where in it (or, of a compressed one,
        where behind the beginning of the member) the numbers begin."""
        return {
            "arrays": self.found.listed[:1_000],
            "arrays_total": len(self.found.listed),
            "compressed": self._compressed,
            "file_bytes": len(self._memory),
            **read_cost_of(self),
        }

    def warnings(self) -> list[str]:
        return self.found.problems[:20]

    def close(self) -> None:
        """The map goes with the last array that refers to it."""
