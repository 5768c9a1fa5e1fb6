"""Read-only access to the variables of a MATLAB 5 file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...base.printable import printable
from ...base.units import counted
from ...formats.maps import mapped
from ..display import Choice
from ..inflated_bytes import ZLIB, InflatedBytes
from ..named_arrays.flattened import flattened
from ..named_arrays.read_cost import read_cost_of
from ..records import ReadCost
from .detect import HEADER, ORDERS
from .elements import COMPRESSED, Element, ElementSource, element_at
from .matrices import Head, ReadBudget, head_of, value_of

MOST_VARIABLES = 10_000
"""Variables that are looked at; a file with more is told to have them."""


class Mat5File:
    """Its variables as named arrays, and whatever else they are. A broken variable costs itself."""

    kind: ClassVar[str] = "mat5"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.doubts: dict[str, str] = {}
        self.read_cost: ReadCost | None = None
        self.model: str | None = None
        self._map = mapped(path)
        self._memory = memoryview(self._map)
        self._order = ORDERS.get(bytes(self._memory[124:HEADER]), "")
        if not self._order:
            raise InputError(f"{path} is no MATLAB 5 file: its header has no version and no order of bytes")
        self._problems: list[str] = []
        self._variables: list[dict[str, Any]] = []
        found = self._read()
        self.arrays, self.others = flattened(found)
        order = "little" if self._order == "<" else "big"
        self.said = f"the header of a MATLAB 5 file, {order}-endian, with "
        self.said += counted(len(self._variables), "variable")

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        budget = ReadBudget()
        file = ElementSource(self._at, self._order, memory=self._memory)
        at, end = HEADER, len(self._memory)
        while at < end and len(self._variables) < MOST_VARIABLES:
            try:
                element = element_at(file, at, end)
            except ValueError as error:
                self._problems.append(f"the file ends early or is damaged: {error}")
                break
            self._read_variable(file, element, budget, found)
            at = element.next
        return found

    def _read_variable(self, file: ElementSource, element: Element, budget: ReadBudget, found: dict[str, Any]) -> None:
        told: dict[str, Any] = {"offset": element.start, "stored_bytes": element.length}
        self._variables.append(told)
        name = f"variable {len(self._variables)}"
        try:
            source, matrix = (file, element)
            if element.type == COMPRESSED:
                source, matrix = self._behind(element)
            head = head_of(source, matrix)
            name = head.name or name
            told |= _described(head, element)
            if head.is_complex:
                self._problems.append(f"{printable(name)} is complex: only its real part is shown")
            found[_unused(name, found)] = value_of(source, head, element.length, budget)
        except ValueError as error:
            self._problems.append(f"{printable(name)} cannot be read: {error}")

    def _behind(self, element: Element) -> tuple[ElementSource, Element]:
        """The one element behind compression: its tag says how long it is, and no more is ever inflated."""
        data = self._memory[element.start : element.start + element.length]
        tag = ElementSource(InflatedBytes(data, ZLIB, 8).at, self._order)
        length = int.from_bytes(tag.read(4, 4), "little" if self._order == "<" else "big")
        inflated = InflatedBytes(data, ZLIB, 8 + length)
        source = ElementSource(inflated.at, self._order, inflated=inflated)
        return source, element_at(source, 0, 8 + length)

    def _at(self, offset: int, count: int) -> bytes:
        return bytes(self._memory[offset : offset + count])

    def structure(self) -> Mapping[str, Any]:
        """The variables, with where they lie, and what they take in the file."""
        return {
            "variables": self._variables[:1_000],
            "variables_total": len(self._variables),
            "byte_order": "little" if self._order == "<" else "big",
            "text": bytes(self._memory[:116]).split(b"\x00")[0].decode("latin-1").strip(),
            "file_bytes": len(self._memory),
            **read_cost_of(self),
        }

    def warnings(self) -> list[str]:
        return self._problems

    def close(self) -> None:
        """The map goes with the last array that refers to it."""


def _described(head: Head, element: Element) -> dict[str, Any]:
    return {
        "name": head.name,
        "class": head.called,
        "shape": list(head.shape),
        "compressed": element.type == COMPRESSED,
        "complex": head.is_complex,
    }


def _unused(name: str, found: Mapping[str, Any]) -> str:
    return name if name not in found else f"{name} ({len(found)})"
