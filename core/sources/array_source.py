"""A source whose images are rows of arrays: they become PNGs, called by their number in their split.

Images are handed over class by class, whatever their order in the file. Where they lie bare in a file or in memory they
are read where they lie; from behind compression they are first inflated into a file in the scratch folder, in one pass,
those that are imported and no others, so that memory is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..base.contracts import Labels, Skipped
from ..base.errors import InputError
from ..base.source_contracts import FoundImage, Recognition
from ..images.array_files import as_image_file
from .folder_names import SPLIT_ORDER
from .limits import share
from .request import Request
from .spread import cells_in_turn, in_turn, spread

Numbers = npt.NDArray[np.int64]
"""Positions in a split, (n,)."""

AT_ONCE = 1 << 22
"""Bytes of rows that are inflated in one go."""


class SourceImageRows(Protocol):
    """Images of one size: uint8, each (height, width) or (height, width, 3).

    `bare`: one anywhere costs no more than the next one.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def bare(self) -> bool: ...

    def rows(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        """Those from `start` on, (stop - start, *shape). Raises ValueError where they cannot be read."""
        ...


class ArrayRows:
    """Images in memory, uint8 (n, height, width) or (n, height, width, 3)."""

    bare = True

    def __init__(self, images: npt.NDArray[np.uint8]) -> None:
        self._images = images
        self.shape = images.shape[1:]

    def rows(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        return self._images[start:stop]


class ArraySplit(NamedTuple):
    """Images of one split and their labels, int64 (n,); `fields`: further values, one for each image.

    `origin` is what to call the place of the images.
    """

    images: SourceImageRows
    labels: Labels
    origin: str
    fields: Mapping[str, Sequence[str]] = {}


@dataclass
class PixelArraySource:
    """The part of `core.base.source_contracts.Source` that follows from `ArraySplit`s."""

    request: Request | None = None
    recognition: Recognition = field(default_factory=Recognition, init=False, repr=False)
    _splits: dict[str, ArraySplit] = field(default_factory=dict, init=False, repr=False)
    _taken: dict[str, list[Numbers]] = field(default_factory=dict, init=False, repr=False)
    _names: list[str] = field(default_factory=list, init=False, repr=False)

    def take(self, splits: Mapping[str, ArraySplit], names: Sequence[str]) -> None:
        """Choose the images: of every split and class the first ones, as many as its share of the limit.

        `names` are those of the classes by label. Raises InputError where a label has none.
        """
        assert self.request is not None
        self._splits = {split: splits[split] for split in SPLIT_ORDER if split in splits}
        self._names = list(names)
        for part in self._splits.values():
            if len(part.labels) and not 0 <= part.labels.min() <= part.labels.max() < len(names):
                low, high = part.labels.min(), part.labels.max()
                raise InputError(f"{part.origin}: labels go from {low} to {high}, but there are {len(names)} classes")
        shares = share(self._all_cells(), self.request.limit)
        for split, part in self._splits.items():
            self._taken[split] = [
                np.flatnonzero(part.labels == label)[: shares[split, name]] for label, name in enumerate(names)
            ]

    def _all_cells(self) -> dict[tuple[str, str], int]:
        return {
            (split, name): int(count)
            for split, part in self._splits.items()
            for name, count in zip(self._names, np.bincount(part.labels, minlength=len(self._names)), strict=True)
        }

    @property
    def classes(self) -> Sequence[str]:
        """In the order of the files' labels."""
        return self._names

    @property
    def counts(self) -> Mapping[str, int]:
        counts = {split: sum(map(len, positions)) for split, positions in self._taken.items()}
        return {split: count for split, count in counts.items() if count}

    def images(self) -> Iterator[FoundImage | Skipped]:
        """Raises InputError where a file turns out to be damaged."""
        assert self.request is not None
        for split in self.counts:
            part = self._splits[split]
            positions = np.concatenate(self._taken[split])
            try:
                found = _Rows(part.images, positions, self.request.scratch / f"{split}.rows")
                yield from self._images_of(split, part, found)
            except ValueError as error:
                raise InputError(f"{part.origin} is damaged: {error}; get the file again") from None

    def _images_of(self, split: str, part: ArraySplit, found: _Rows) -> Iterator[FoundImage]:
        for name, positions in zip(self._names, self._taken[split], strict=True):
            yield from (self._image(split, name, part, found, position) for position in positions.tolist())

    def _image(self, split: str, name: str, part: ArraySplit, found: _Rows, position: int) -> FoundImage:
        data, ending = as_image_file(found[position], small=True)
        fields = {key: values[position] for key, values in part.fields.items()}
        return FoundImage(split, name, f"{position:05d}{ending}", data, f"{part.origin} #{position}", fields)

    def cells(self) -> Mapping[tuple[str, str], int]:
        """Images of each (split, class)."""
        return {
            (split, name): len(positions)
            for split, taken in self._taken.items()
            for name, positions in zip(self._names, taken, strict=True)
        }

    def drawn(self, count: int) -> Iterator[FoundImage | Skipped]:
        """The first images of each split and class in turn. Raises InputError where a file is damaged."""
        assert self.request is not None
        cells = spread(cells_in_turn(list(self.counts), self.classes), count)
        each = -(-count // max(len(cells), 1))
        wanted = {cell: self._taken[cell[0]][self._names.index(cell[1])][:each] for cell in cells}
        rows = {}
        for split in {split for split, _ in cells}:
            positions = np.concatenate([numbers for (other, _), numbers in wanted.items() if other == split])
            part, scratch = self._splits[split], self.request.scratch / f"{split}.drawn"
            try:
                rows[split] = _Rows(part.images, positions, scratch)
            except ValueError as error:
                raise InputError(f"{part.origin} is damaged: {error}; get the file again") from None
        images = [
            map(partial(self._image, split, name, self._splits[split], rows[split]), numbers.tolist())
            for (split, name), numbers in wanted.items()
        ]
        yield from in_turn(images, count)

    def total_bytes(self) -> int | None:
        """As those say that are drawn."""
        return None

    def close(self) -> None:
        self._splits.clear()


class _Rows:
    """Images at some positions, in any order. Raises ValueError where they cannot be read."""

    def __init__(self, images: SourceImageRows, positions: Numbers, scratch: Path) -> None:
        self._images = images
        self._sorted = np.sort(positions)
        self._spooled = None if images.bare else self._spool(scratch)

    def __getitem__(self, position: int) -> npt.NDArray[np.uint8]:
        if self._spooled is None:
            rows = self._images.rows(position, position + 1)
        else:
            place = int(np.searchsorted(self._sorted, position))
            rows = self._spooled[place : place + 1]
        row: npt.NDArray[np.uint8] = rows[0]
        return row

    def _spool(self, scratch: Path) -> np.memmap[tuple[int, ...], np.dtype[np.uint8]]:
        step = max(1, AT_ONCE // int(np.prod(self._images.shape)))
        with scratch.open("wb") as file:
            for start in range(0, int(self._sorted[-1]) + 1, step):
                first, end = np.searchsorted(self._sorted, (start, start + step))
                if first < end:
                    wanted = self._sorted[first:end] - start
                    file.write(self._images.rows(start, start + int(wanted[-1]) + 1)[wanted].tobytes())
        return np.memmap(scratch, np.uint8, "r", shape=(len(self._sorted), *self._images.shape))
