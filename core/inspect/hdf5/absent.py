"""Values that were never written: HDF5 answers for them with a fill value, black most often, and says nothing of it.

Space for a chunk is set aside when it is first written (HDF5 File Format Specification 3.0, section VI; "incremental"
allocation), for contiguous data as a whole; what has no address in the file was never written.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod

import h5py

from ..records import Finding
from .chunks import layout_of

COUNTED = 1 << 20
"""Chunks that are counted; of a dataset with more each row is asked as it is read."""

MOST_TOLD, SECONDS = 8, 1.0
"""Datasets that lack values, told in the warnings, and seconds that looking for them may take."""

ASKED = 4_096
"""Chunks of one row that are asked for; of more, every so many."""


@dataclass(frozen=True, slots=True)
class Absence:
    """How many of some pieces of a dataset have never been written: chunks, the one piece of contiguous data, or rows
    of a virtual dataset that no source fills."""

    missing: int
    pieces: int
    counted: bool = True
    unit: str = "chunks"

    @property
    def whole(self) -> bool:
        return self.pieces > 0 and self.missing == self.pieces

    def __bool__(self) -> bool:
        return self.missing > 0


NOTHING = Absence(0, 0)
UNCOUNTED = Absence(0, 0, False)


def of_dataset(dataset: h5py.Dataset) -> Absence:
    """What of a whole dataset was never written. External data lie in other files and count as nothing here."""
    shape = tuple(map(int, dataset.shape or ()))
    if dataset.shape is None or 0 in shape:
        return NOTHING
    layout = layout_of(dataset)
    if layout == "virtual":
        return _of_virtual(dataset, 0, shape[0]) if shape else NOTHING
    if layout == "contiguous":
        return Absence(int(dataset.id.get_storage_size() == 0), 1)
    if layout != "chunked":
        return NOTHING
    pieces = prod(-(-length // chunk) for length, chunk in zip(shape, map(int, dataset.chunks), strict=True))
    if pieces > COUNTED:
        return Absence(pieces, pieces) if dataset.id.get_storage_size() == 0 else UNCOUNTED
    return Absence(max(pieces - int(dataset.id.get_num_chunks()), 0), pieces)


def of_rows(dataset: h5py.Dataset, start: int, stop: int, axis: int = 0) -> Absence:
    """What of the rows start..stop along an axis was never written; of a dataset that is known to lack something."""
    if dataset.chunks is None or not dataset.shape:
        virtual = layout_of(dataset) == "virtual"
        return _of_virtual(dataset, start, stop) if virtual and axis == 0 else of_dataset(dataset)
    spans = [range(0, int(length), int(chunk)) for length, chunk in zip(dataset.shape, dataset.chunks, strict=True)]
    chunk = int(dataset.chunks[axis])
    spans[axis] = range(start - start % chunk, max(stop, start + 1), chunk)
    pieces = prod(map(len, spans))
    asked = list(itertools.islice(itertools.product(*spans), 0, None, max(-(-pieces // ASKED), 1)))
    missing = sum(dataset.id.get_chunk_info_by_coord(corner).byte_offset is None for corner in asked)
    return Absence(missing * pieces // len(asked) if missing < len(asked) else pieces, pieces) if asked else NOTHING


def _of_virtual(dataset: h5py.Dataset, start: int, stop: int) -> Absence:
    """The rows start..stop of a virtual dataset into which no source is mapped."""
    properties = dataset.id.get_create_plist()
    count = int(properties.get_virtual_count())
    if count > COUNTED >> 10:
        return NOTHING
    spans: list[tuple[int, int]] = []
    for piece in range(count):
        first, last = properties.get_virtual_vspace(piece).get_select_bounds()
        spans.append((int(first[0]), int(last[0]) + 1))
    missing, reached = 0, start
    for first_row, end in sorted(spans):
        missing += max(min(first_row, stop) - reached, 0)
        reached = max(reached, min(end, stop))
    return Absence(missing + stop - reached, stop - start, True, "rows")


def sentence(absence: Absence, what: str, fill: object) -> str:
    """How it is said of one entry; `fill` is the value that stands for what is not there."""
    if absence.whole:
        return f"{what} was never written: HDF5 answers with the fill value ({fill}) for what is not in the file"
    return (
        f"{absence.missing:,} of the {absence.pieces:,} {absence.unit} of {what} were never written; "
        f"there the fill value ({fill}) stands"
    )


def warning(name: str, absence: Absence) -> str:
    """The same of a whole dataset."""
    if absence.whole:
        return f"{name} was never written: its shape is there, its values are not"
    missing, pieces = f"{absence.missing:,}", f"{absence.pieces:,}"
    return (
        f"{name}: {missing} of its {pieces} {absence.unit} were never written; HDF5 answers with a fill value for them"
    )


def findings(names: Iterable[str], lacking: Callable[[str], Finding | None]) -> list[Finding]:
    """What the first few datasets lack; `lacking` finds it of one, or None."""
    deadline = time.monotonic() + SECONDS
    found: list[Finding] = []
    for name in names:
        if len(found) > MOST_TOLD or time.monotonic() > deadline:
            break
        told = lacking(name)
        found += [told] if told is not None else []
    return found


def warnings(found: Sequence[Finding]) -> list[str]:
    """The same as sentences."""
    told = [one.meaning for one in found[:MOST_TOLD]]
    return told + ["more datasets lie elsewhere or were never written"] * (len(found) > MOST_TOLD)


def elsewhere(name: str, told: str) -> Finding:
    """That the values of a dataset lie in other files, as `told` says."""
    remedy = "put the other files where this one looks for them, or copy the values into one file (h5repack does)"
    return Finding("missing-source" if "not there" in told else "values-elsewhere", 1, f"/{name}", told, remedy)


def never_written(name: str, absence: Absence) -> Finding:
    remedy = "write these values again: whoever reads the file gets the fill value, black most often, and no error"
    return Finding("never-written", max(absence.missing, 1), f"/{name}", warning(name, absence), remedy)
