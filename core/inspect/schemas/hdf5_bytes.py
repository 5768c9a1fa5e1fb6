"""HDF5 files that keep image files as they are: an element each, or packed end to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from ..hdf5.facts import Facts, look
from ..hdf5.file import Hdf5File
from ..hdf5.guard import MAX_READ
from ..hdf5.name_hints import IMAGE_WORDS
from ..hdf5.rows import Rows
from ..hdf5.runs import Column, Extent, Run, Runs
from ..hdf5.sidecar_labels import find_labels
from ..hdf5.stretched import findings as stretched_findings
from ..hdf5.stretched import lengths_of, string_bytes
from ..hdf5.values import Pictures, bytes_of, is_bytes, record_of_file
from ..records import Finding, Record
from ..values import image_encoding
from .hdf5_groups import DatasetsRun

PROBE = 8
HEADS = 1 << 12

STARTS = frozenset(
    (
        "offsets", "offset", "indptr", "starts", "start", "index", "indices", "ptr", "positions", "idx", "begin",
        "pos",
    )
)  # fmt: skip
LENGTHS = frozenset(
    (
        "lengths", "length", "sizes", "size", "lens", "len", "nbytes", "counts",
    )
)  # fmt: skip


class BytesRun(Run):
    """Rows that are the bytes of an image file each: of variable length, opaque, text, or padded to one length."""

    def __init__(self, facts: Facts, labels: Column | None = None, lengths: Rows | None = None) -> None:
        super().__init__(facts.name, facts.shape[0], labels)
        self._rows = Rows(facts)
        self._lengths = lengths
        self._pictures = Pictures(facts.file, facts.shape[0], self._data)

    def extent(self, index: int) -> Extent:
        return Extent(self._rows.facts, index, index + 1, self._rows.axis)

    def read(self, index: int) -> Record:
        """Raises ValueError where the row cannot be read or holds no bytes."""
        return record_of_file(self.key(index), self.label(index), self._data(index), self._pictures)

    def image_file(self, index: int) -> bytes:
        """See `places.hdf5.OfImageFiles`."""
        return self._data(index)

    def findings(self) -> list[Finding]:
        """What is to be known of rows of one length."""
        facts = self._rows.facts
        stretched = facts.dtype.kind == "S" or len(facts.shape) == 2
        return stretched_findings(facts, self._lengths) if stretched else []

    def _data(self, index: int) -> bytes:
        if self._rows.facts.dtype.kind == "S":
            return bytes_of(string_bytes(self._rows, index))
        value = self._rows[index]
        if self._lengths is not None:
            value = value.reshape(-1)[: int(self._lengths[index])]
        value = value.reshape(-1) if isinstance(value, np.ndarray) else value
        if isinstance(value, np.ndarray) and value.size == 1 and not is_bytes(value):
            value = value[0]
        if not is_bytes(value):
            raise ValueError(f"{self.key(index)} holds no bytes")
        return bytes_of(value)


class EncodedRows(Runs):
    """Datasets whose elements are image files."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> EncodedRows | None:
        looked = look(file)
        found = [facts for facts in looked if _may_be_rows(facts) and _begins_like_images(facts)]
        if not found:
            return None
        best = max(facts.rank(IMAGE_WORDS) for facts in found)
        found = [facts for facts in found if facts.split is not None or facts.rank(IMAGE_WORDS) == best]
        runs = [_bytes_run(file, looked, facts) for facts in found]
        names = ", ".join(facts.name for facts in found[:4])
        records = cls(f"the elements of {names} begin like image files{_labelled(runs)}", runs)
        records.findings += [one for run in runs for one in run.findings()]
        return records


def _bytes_run(file: Hdf5File, looked: Sequence[Facts], facts: Facts) -> BytesRun:
    lengths = lengths_of(facts, looked, LENGTHS)
    others = [other for other in looked if lengths is None or other.name != lengths.facts.name]
    return BytesRun(facts, find_labels(file, others, facts, facts.shape[0]), lengths)


def _labelled(runs: Sequence[Run]) -> str:
    first = runs[0].labels
    return f"; {first.told()}" if first is not None else ""


def _may_be_rows(facts: Facts) -> bool:
    if len(facts.shape) == 1 or (len(facts.shape) == 2 and facts.shape[1] == 1):
        return facts.is_bytes
    return len(facts.shape) == 2 and facts.dtype.kind in "ui" and facts.dtype.itemsize == 1 and facts.shape[1] >= 16


def _begins_like_images(facts: Facts) -> bool:
    """Whether most of the elements that are looked at begin like an image file; the empty ones do not count."""
    known = told = 0
    if facts.shape == ():
        value = facts.file.rows(facts.dataset, 0, 1).reshape(-1)[0]
        return is_bytes(value) and image_encoding(bytes_of(value)) is not None
    first = range(min(facts.shape[0], PROBE))
    for place in dict.fromkeys([*first, *(part * (facts.shape[0] - 1) // PROBE for part in range(PROBE + 1))]):
        if known >= PROBE:
            break
        try:
            value = facts.file.rows(facts.dataset, place, place + 1).reshape(-1)
        except ValueError:
            continue
        if value.size == 0:
            continue
        value = value if len(facts.shape) == 2 and value.size > 1 else value[0]
        if is_bytes(value) and not any(bytes_of(value)[:HEADS]):
            continue
        known += 1
        told += is_bytes(value) and image_encoding(bytes_of(value)) is not None
    return told > 0 and 2 * told >= known


class PackedRun(Run):
    """Image files end to end in one array of bytes."""

    def __init__(
        self, packed: Facts, length: int, place: Callable[[int], tuple[int, int]], labels: Column | None
    ) -> None:
        super().__init__(packed.name, length, labels)
        self._packed = packed
        self._place = place
        self._pictures = Pictures(packed.file, length, self._data)

    def extent(self, index: int) -> Extent:
        return Extent(self._packed, *self._place(index))

    def read(self, index: int) -> Record:
        """Raises ValueError where the offsets lead nowhere."""
        return record_of_file(self.key(index), self.label(index), self._data(index), self._pictures)

    def image_file(self, index: int) -> bytes:
        """See `places.hdf5.OfImageFiles`."""
        return self._data(index)

    def _data(self, index: int) -> bytes:
        start, stop = self._place(index)
        if not 0 <= start <= stop <= self._packed.shape[0] or stop - start > MAX_READ:
            raise ValueError(f"{self.key(index)}: its offsets, {start:,} to {stop:,}, do not fit the bytes")
        return self._packed.file.rows(self._packed.dataset, start, stop).tobytes()


class PackedBytes(Runs):
    """One array of bytes, and offsets or lengths that tell where each image begins and ends."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> PackedBytes | None:
        looked = look(file)
        packed = [facts for facts in looked if len(facts.shape) == 1 and facts.dtype in (np.uint8, np.int8)]
        runs: list[PackedRun] = []
        told: list[str] = []
        for facts in sorted(packed, key=lambda facts: facts.shape[0], reverse=True):
            tables = [other for other in looked if other is not facts and _may_be_table(facts, other)]
            for table in sorted(tables, key=lambda other: other.group == facts.group, reverse=True):
                run = _packed_run(file, looked, facts, table, tables)
                if run is not None:
                    runs.append(run)
                    told.append(f"{table.name} tells where in {facts.name} each image file begins")
                    break
        if not runs:
            return None
        taken = {run.name for run in runs}
        beside = [facts for facts in looked if facts.name not in taken]
        rows = [
            _bytes_run(file, looked, facts) for facts in beside if _may_be_rows(facts) and _begins_like_images(facts)
        ]
        told += [f"the elements of {run.name} begin like image files" for run in rows]
        alone = [facts.name for facts in beside if facts.shape == () and facts.is_bytes and _begins_like_images(facts)]
        told += [f"{', '.join(alone[:4])}: an image file"] if alone else []
        each = [DatasetsRun(file, alone, None)] if alone else []
        records = cls("; ".join(told[:6]) + _labelled(runs), [*runs, *rows, *each])
        records.findings += [one for run in rows for one in run.findings()]
        return records


def _may_be_table(packed: Facts, other: Facts) -> bool:
    flat = bool(other.shape) and prod(other.shape) == max(other.shape)
    pairs = len(other.shape) == 2 and other.shape[1] == 2
    same = packed.split is None or other.split is None or packed.split == other.split
    words = _words(other)
    return bool((flat or pairs) and other.dtype.kind in "iu" and same and not words.isdisjoint(STARTS | LENGTHS))


def _words(facts: Facts) -> set[str]:
    from ..hdf5.name_hints import words

    return set(words(facts.leaf))


def _packed_run(
    file: Hdf5File, looked: Sequence[Facts], packed: Facts, table: Facts, tables: Sequence[Facts]
) -> PackedRun | None:
    """The images of `packed` by one table, if what lies at its first places begins like image files."""
    for length, place in _readings(packed, table, tables):
        run = PackedRun(packed, length, place, None)
        if length and _mostly_images(run):
            taken = {packed.name, *(other.name for other in tables)}
            others = [facts for facts in looked if facts.name not in taken]
            run.labels = find_labels(file, others, packed, length)
            return run
    return None


def _readings(
    packed: Facts, table: Facts, tables: Sequence[Facts]
) -> list[tuple[int, Callable[[int], tuple[int, int]]]]:
    """(images, where image i lies) by each way of reading a table: start and end, starts, lengths, pairs."""
    count = max(table.shape)
    total = packed.shape[0]
    if len(table.shape) == 2 and table.shape[1] == 2 and count > 2:
        rows = Rows(table)
        return [
            (table.shape[0], lambda i: (int(rows[i][0]), int(rows[i][1]))),
            (table.shape[0], lambda i: (int(rows[i][0]), int(rows[i][0]) + int(rows[i][1]))),
        ]
    if not _words(table).isdisjoint(LENGTHS):
        starts = next((other for other in tables if other.shape == table.shape and _is_starts(other)), None)
        return [(count, _by_start_and_length(starts, table))] if starts else [(count, _by_lengths(table))]
    lengths = next((other for other in tables if other.shape == table.shape and not _is_starts(other)), None)
    if lengths is not None:
        return [(count, _by_start_and_length(table, lengths))]
    values = _Numbers(table)
    between = (count - 1, lambda i: (values[i], values[i + 1]))
    to_the_end = (count, lambda i: (values[i], values[i + 1] if i + 1 < count else total))
    ends = (count, lambda i: (values[i - 1] if i else 0, values[i]))
    if values[count - 1] == total:
        return [between, ends] if values[0] == 0 else [ends]
    return [to_the_end]


def _is_starts(facts: Facts) -> bool:
    return _words(facts).isdisjoint(LENGTHS)


class _Numbers:
    """Whole numbers of a table, read a stretch at a time."""

    STRETCH = 1 << 14

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._axis = facts.shape.index(max(facts.shape))
        self._kept: tuple[int, np.ndarray] | None = None

    def __getitem__(self, index: int) -> int:
        number, place = divmod(index, self.STRETCH)
        if self._kept is None or self._kept[0] != number:
            start = number * self.STRETCH
            stop = min(start + self.STRETCH, self._facts.shape[self._axis])
            values = self._facts.file.rows(self._facts.dataset, start, stop, self._axis)
            self._kept = number, values.reshape(-1)
        return int(self._kept[1][place])


def _by_start_and_length(starts: Facts, lengths: Facts) -> Callable[[int], tuple[int, int]]:
    first, size = _Numbers(starts), _Numbers(lengths)
    return lambda i: (first[i], first[i] + size[i])


def _by_lengths(lengths: Facts) -> Callable[[int], tuple[int, int]]:
    """Where image i lies by the lengths of those before it. Raises ValueError for more lengths than can be added up."""
    count = max(lengths.shape)
    if count > 1 << 25:
        raise ValueError(f"{lengths.name} has {count:,} lengths, too many to be added up")
    axis = lengths.shape.index(count)
    values = lengths.file.rows(lengths.dataset, 0, count, axis).reshape(-1).astype(np.int64)
    ends = np.cumsum(values)
    return lambda i: (int(ends[i] - values[i]), int(ends[i]))


def _mostly_images(run: PackedRun) -> bool:
    """By the first few and the last of them."""
    places = dict.fromkeys([*range(min(len(run), PROBE)), len(run) - 1])
    told = known = 0
    for place in places:
        try:
            data = run._data(place)
        except ValueError:
            known += 1
            continue
        known += bool(data)
        told += image_encoding(data[:HEADS]) is not None
    return told > 0 and 2 * told >= known
