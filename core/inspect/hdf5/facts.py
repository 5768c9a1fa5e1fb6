"""What is known of a dataset without reading its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import h5py
import numpy as np

from .file import Hdf5File
from .name_hints import BESIDE, IMAGE_WORDS, LABEL_WORDS, label_rank, rank, split_of, text_rank, words
from .walk import TROUBLE

LOOKED_AT = 4_000
"""Datasets whose shapes are looked at; of a group with more, some that are spread evenly."""

SAMPLED = 64

_ROLES = frozenset((*IMAGE_WORDS, *BESIDE, *LABEL_WORDS))

MAX_LENGTH = 1 << 62

OCTAVE = "OCTAVE_NEW_FORMAT"
"""The attribute of a group that is a variable of Octave (its source: libinterp/corefcn/ls-hdf5.cc)."""


@dataclass(frozen=True)
class Facts:
    """A dataset's name, shape and type. `group` is the path of the group it lies in, "" for the root.

    `shape` is the part of it that means something: the dataset may be padded (`cut`).
    """

    file: Hdf5File
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @cached_property
    def called(self) -> str:
        """What people call it: its path, for a variable of Octave without the "/value" that is the same for all."""
        return self.name.rpartition("/")[0] if self.octave else self.name

    @cached_property
    def octave(self) -> bool:
        """Whether Octave wrote it (`save -hdf5`): a variable is a group of a type and a value, marked as such."""
        group, _, leaf = self.name.rpartition("/")
        return leaf == "value" and bool(group) and OCTAVE in self.file.attributes(group)

    @property
    def group(self) -> str:
        return self.called.rpartition("/")[0]

    @property
    def leaf(self) -> str:
        return self.called.rpartition("/")[2]

    @property
    def dataset(self) -> h5py.Dataset:
        return self.file.datasets[self.name]

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        return self.file.attributes(self.name)

    @cached_property
    def matlab(self) -> bool:
        """Whether its axes are in MATLAB's (or Octave's) order, which is the reverse of C's."""
        return self.file.matlab or self.octave or "MATLAB_class" in self.attributes

    @cached_property
    def split(self) -> str | None:
        return split_of(self.called)

    def rank(self, known: tuple[str, ...]) -> int:
        return rank(self.called, known)

    @cached_property
    def label_rank(self) -> int:
        return label_rank(self.called)

    @cached_property
    def text_rank(self) -> int:
        """0 for what is no text."""
        return text_rank(self.called) if self.is_text else 0

    @property
    def is_bytes(self) -> bool:
        """Whether one element is a piece of bytes: opaque, a string, or a variable number of uint8."""
        if self.is_text:
            return True
        inner = h5py.check_vlen_dtype(self.dtype)
        if inner is not None:
            return bool(np.dtype(inner).itemsize == 1 and np.dtype(inner).kind in "ui")
        return bool(self.dtype.kind == "V" and not self.dtype.names and self.dtype.subdtype is None)

    @property
    def is_text(self) -> bool:
        return h5py.check_string_dtype(self.dtype) is not None

    def cut(self, values: np.ndarray[Any, Any], axis: int | None = None) -> np.ndarray[Any, Any]:
        """Values of the dataset as they were read, without what `shape` leaves out; along `axis` some were chosen."""
        if values.ndim != len(self.shape):
            return values
        kept = (slice(None) if place == axis else slice(length) for place, length in enumerate(self.shape))
        return values[tuple(kept)]

    @property
    def is_numbers(self) -> bool:
        return self.dtype.kind in "biuf"


def facts_of(file: Hdf5File, name: str) -> Facts | None:
    """None for a dataset that cannot be opened, or whose type or shape is none that NumPy knows."""
    try:
        dataset = file.datasets[name]
        shape = dataset.shape
        if shape is None or any(not 0 <= int(length) < MAX_LENGTH for length in shape):
            return None
        return Facts(file, name, _extent(file, name, tuple(map(int, shape))), dataset.dtype)
    except TROUBLE:
        return None


def _extent(file: Hdf5File, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without the padding to whole chunks that Imaris keeps: its groups state their ImageSize.

    https://imaris.oxinst.com/support/imaris-file-format: the sizes of (Z, Y, X) are text in attributes, a letter each.
    """
    if len(shape) != 3 or not name.endswith("/Data") or "ImarisVersion" not in file.attributes():
        return shape
    attributes = file.attributes(name.rpartition("/")[0])
    stated = [_letters(attributes.get(f"ImageSize{axis}")) for axis in "ZYX"]
    sizes = [int(text) if text.isdigit() and len(text) < 10 else 0 for text in stated]
    return tuple(size if 0 < size < length else length for size, length in zip(sizes, shape, strict=True))


def _letters(value: Any) -> str:
    """Text that is kept as an array of single letters."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "S":
        return ""
    return b"".join(value.reshape(-1).tolist()).decode("ascii", "replace")


def look(file: Hdf5File) -> list[Facts]:
    """The datasets of a file, without MATLAB's own bookkeeping; of very many, some of each group."""
    if file.looked is None:
        file.looked = _look(file)
    return file.looked


def _look(file: Hdf5File) -> list[Facts]:
    chosen = list(file.datasets)
    if len(chosen) > LOOKED_AT:
        chosen = [name for names in by_group(file).values() for name in spread(names, SAMPLED)][:LOOKED_AT]
    found = (facts_of(file, name) for name in chosen if not name.startswith(("#refs#", "#subsystem#")))
    return [facts for facts in found if facts is not None and not _is_empty(facts)]


def _is_empty(facts: Facts) -> bool:
    """MATLAB keeps the shape of an empty array as its contents."""
    return facts.file.matlab and bool(facts.attributes.get("MATLAB_empty", 0))


def by_group(file: Hdf5File) -> dict[str, list[str]]:
    """The names of the datasets that lie in each group."""
    groups: dict[str, list[str]] = {}
    for name in file.datasets:
        groups.setdefault(name.rpartition("/")[0], []).append(name)
    return groups


def role(name: str) -> tuple[Any, ...]:
    """What a dataset is for: the words of its path that say so; its own name, unless that is a number or an id."""
    *groups, leaf = name.split("/")
    told = tuple(word for word in words("/".join(groups)) if word in _ROLES)
    own = tuple(word for word in words(leaf) if word in _ROLES)
    return told, own or (leaf if not any(letter.isdigit() for letter in leaf) else ""), len(groups)


def spread(names: list[str], count: int) -> Iterator[str]:
    """At most `count` of the names, spread evenly, first and last among them."""
    if len(names) <= count:
        return iter(names)
    return (names[place * (len(names) - 1) // (count - 1)] for place in range(count))
