"""Matrices of a MATLAB 5 file ("MAT-File Format", The MathWorks, "miMATRIX data elements"): flags and class, the
lengths of the axes, the name, and then what the class has. The first axis is the fastest.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..named_arrays.array import InflatedArray, MemoryArray, NamedArray
from .elements import COMPRESSED, DTYPES, MATRIX, TEXTS, Element, ElementSource, bytes_of, element_at, numbers_of

CELL, STRUCT, OBJECT, CHAR, SPARSE, FIRST_NUMBERS, LAST_NUMBERS = 1, 2, 3, 4, 5, 6, 15
CLASSES: Mapping[int, str] = {
    1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single", 8: "int8", 9: "uint8",
    10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64", 15: "uint64", 16: "function", 17: "opaque",
}  # fmt: skip

MOST_AXES = 32
MOST_VALUES = 1 << 48
MOST_TEXT = 1 << 20
"""Bytes of one text, or of the names of a structure's fields."""

MOST_DEPTH = 12
MOST_MATRICES = 20_000
SECONDS = 5.0
"""What looking through the cells and structures of one file may take."""

_NESTED = (CELL, STRUCT, OBJECT)


class ReadBudget:
    """How many matrices of a file are still looked at, and how long."""

    def __init__(self) -> None:
        self._left = MOST_MATRICES
        self._end = time.monotonic() + SECONDS

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"it has more than {MOST_MATRICES:,} matrices in cells and structures: a limit here")
        if not self._left & 63 and time.monotonic() > self._end:
            raise ValueError(f"looking through its cells and structures takes more than {SECONDS:g} s: a limit here")


@dataclass(frozen=True, slots=True)
class Head:
    """A matrix up to its values, which are the elements from `at` to `end`."""

    name: str
    matlab_class: int
    shape: tuple[int, ...]
    is_complex: bool
    at: int
    end: int

    @property
    def called(self) -> str:
        return CLASSES.get(self.matlab_class, f"class {self.matlab_class}")


def head_of(source: ElementSource, element: Element) -> Head:
    """Raises ValueError where the element is no matrix, or broken."""
    if element.type != MATRIX:
        raise ValueError(f"a data element of type {element.type} at byte {element.start:,} where a matrix belongs")
    end = element.start + element.length
    if not element.length:
        return Head("", FIRST_NUMBERS, (0, 0), False, end, end)
    flags_element = element_at(source, element.start, end)
    flags = numbers_of(source, flags_element, 16)
    if flags.size == 0:
        raise ValueError(f"a matrix at byte {element.start:,} has no class")
    matlab_class = int(flags[0]) & 0xFF
    if matlab_class > OBJECT + 12:  # function handles and objects of classes: their layout is not published
        return Head("", matlab_class, (), False, end, end)
    shape_element = element_at(source, flags_element.next, end)
    shape = tuple(numbers_of(source, shape_element, 4 * MOST_AXES).tolist())
    if not shape or any(length < 0 for length in shape) or prod(shape) > MOST_VALUES:
        raise ValueError(f"a matrix at byte {element.start:,} has a shape that cannot be: {shape}")
    name_element = element_at(source, shape_element.next, end)
    name = bytes_of(source, name_element, 1 << 12).decode("utf-8", "replace")
    return Head(name, matlab_class, shape, bool(int(flags[0]) & 0x800), name_element.next, end)


def value_of(source: ElementSource, head: Head, stored: int, budget: ReadBudget, depth: int = 0) -> Any:
    """A matrix as plain data: a `NamedArray`, text, a list of a cell's values, a dict of a structure's fields, a list
    of dicts of an array of structures.

    Raises ValueError where it is broken, or exceeds a limit here.
    """
    budget.spend()
    if depth > MOST_DEPTH:
        raise ValueError(f"it is nested more than {MOST_DEPTH} deep: a limit here")
    if FIRST_NUMBERS <= head.matlab_class <= LAST_NUMBERS:
        return _numbers(source, head, stored)
    if head.matlab_class == CHAR:
        return _text(source, head)
    if head.matlab_class == CELL:
        return _cell(source, head, budget, depth)
    if head.matlab_class in (STRUCT, OBJECT):
        return _structure(source, head, budget, depth)
    return f"a MATLAB {head.called} of shape {head.shape}, which is not read here"


def _numbers(source: ElementSource, head: Head, stored: int) -> NamedArray:
    count = prod(head.shape)
    if not count:
        return MemoryArray(head.name, np.zeros(head.shape, np.uint8), stored)
    element = element_at(source, head.at, head.end)
    code = DTYPES.get(element.type)
    if code is None:
        raise ValueError(f"{head.name} has values of type {element.type}, which is none of numbers")
    dtype = np.dtype(source.order + code)
    if element.length != count * dtype.itemsize:
        raise ValueError(
            f"{head.name} of shape {head.shape} has {element.length:,} bytes of {dtype}, {count * dtype.itemsize:,} "
            "are needed"
        )
    if source.inflated is not None:
        return InflatedArray(head.name, head.shape, dtype, stored, source.inflated, element.start, fortran=True)
    assert source.memory is not None, "what is not behind compression lies in a map"
    values = np.frombuffer(source.memory, dtype, count, element.start)
    return MemoryArray(head.name, values.reshape(head.shape, order="F"), stored)


def _text(source: ElementSource, head: Head) -> Any:
    """One text, or the rows of a table of characters."""
    if not prod(head.shape):
        return ""
    element = element_at(source, head.at, head.end)
    encoding = TEXTS.get(element.type)
    if encoding is None:
        raise ValueError(f"{head.name} has characters of type {element.type}, which is none of text")
    if encoding in ("utf-16", "utf-32"):
        encoding += "-le" if source.order == "<" else "-be"
    text = bytes_of(source, element, MOST_TEXT).decode(encoding, "replace")
    rows = head.shape[0]
    if rows <= 1 or len(text) != prod(head.shape):
        return text
    return [text[row::rows].rstrip() for row in range(rows)]


def _cell(source: ElementSource, head: Head, budget: ReadBudget, depth: int) -> list[Any]:
    values: list[Any] = []
    at = head.at
    for _ in range(prod(head.shape)):
        value, at = _next(source, at, head.end, budget, depth)
        values.append(value)
    return values


def _structure(source: ElementSource, head: Head, budget: ReadBudget, depth: int) -> Any:
    """The fields of one structure; of several a list. The names lie in a table, each with the same number of bytes."""
    at = head.at
    if head.matlab_class == OBJECT:
        at = element_at(source, at, head.end).next  # the name of its class
    length_element = element_at(source, at, head.end)
    lengths = numbers_of(source, length_element, 8)
    names_element = element_at(source, length_element.next, head.end)
    table = bytes_of(source, names_element, MOST_TEXT)
    each = int(lengths[0]) if lengths.size else 0
    if not 0 < each <= 1 << 12:
        raise ValueError(f"the names of the fields of {head.name} have {each} bytes each, which cannot be")
    names = [table[start : start + each].split(b"\x00")[0].decode("utf-8", "replace") for start in
             range(0, len(table) - each + 1, each)]  # fmt: skip
    at = names_element.next
    found: list[dict[str, Any]] = []
    for _ in range(prod(head.shape) if names else 0):
        fields: dict[str, Any] = {}
        for name in names:
            fields[name], at = _next(source, at, head.end, budget, depth)
        found.append(fields)
    return found[0] if len(found) == 1 else found


def _next(source: ElementSource, at: int, end: int, budget: ReadBudget, depth: int) -> tuple[Any, int]:
    element = element_at(source, at, end)
    if element.type == COMPRESSED:
        raise ValueError(f"compressed data inside of a matrix at byte {at:,}, which cannot be")
    head = head_of(source, element)
    return value_of(source, head, element.length + 8, budget, depth + 1), element.next
