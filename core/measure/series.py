"""What can be compared in a record: for each measure of its experiment, the repeated values of each thing measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .disturbed import standing
from .records import RunRecord
from .storage.rows import rows_of

STORE = "store"
NOTEBOOK = "notebook"

Row = Mapping[str, Any]
Part = tuple[str, str]
"""What a thing is told apart by, and its value there: ("batch_size", "256")."""


@dataclass(frozen=True)
class Measure:
    """One figure of an experiment. `unit` is "images/s", "s" or "bytes"; `more` says whether more is better."""

    name: str
    title: str
    unit: str
    more: bool


@dataclass(frozen=True)
class Series:
    """The positive values of one thing in one record, in the order in which they were measured."""

    parts: tuple[Part, ...]
    values: tuple[float, ...]


SPEED = Measure("samples_per_s", "Throughput", "images/s", True)
FIRST_BATCH = Measure("first_batch_s", "Time to the first batch", "s", False)
PROCESSORS = Measure("cpu_s_per_sample", "Processor time per image", "s", False)
MEMORY = Measure("peak_memory_bytes", "Peak memory", "bytes", False)
BUILD = Measure("build_wall_s", "Build time", "s", False)
SIZE = Measure("bytes_on_disk", "Size as its notebook measured it", "bytes", False)

WORKLOAD = "workload"
LOADER_PARTS = (WORKLOAD, STORE, "loader", "batch_size", "workers_asked", "transform", "device", "output")
TRAIN_PARTS = (STORE, "order", "model", "batch_size", "workers", "device")

OPERATIONS = {
    "write-one": "Write one by one",
    "write-many": "Write many",
    "read-one": "Read one by one",
    "read-one-random": "Read one by one, random order",
    "read-many": "Read many",
    "read-many-random": "Read many, random order",
    "read-random": "Read in random order",
}


def measures(record: RunRecord) -> list[Measure]:
    """The measures that a record has values of, the main one first; of storage, those of the most images."""
    if record.experiment == "storage":
        rows = sorted(_rows(record), key=lambda row: (-row["samples"], str(row.get("operation"))))
        return list(dict.fromkeys(map(_storage_measure, rows)))
    of_loading = (SPEED, FIRST_BATCH, PROCESSORS, MEMORY)
    known = (BUILD, SIZE, SPEED, FIRST_BATCH) if record.experiment == NOTEBOOK else of_loading
    rows = list(_rows(record))
    return [measure for measure in known if any(_values(row.get(measure.name)) for row in rows)]


def series(record: RunRecord, measure: Measure) -> list[Series]:
    """The series of one measure, in the order of their first values."""
    found: dict[tuple[Part, ...], list[float]] = {}
    for row in _rows(record):
        name = "seconds" if record.experiment == "storage" else measure.name
        if record.experiment == "storage" and _storage_measure(row) != measure:
            continue
        if values := _values(row.get(name)):
            found.setdefault(_parts(record, row), []).extend(values)
    return [Series(parts, tuple(values)) for parts, values in found.items()]


def _rows(record: RunRecord) -> Iterator[Row]:
    """The rows with values, without the configurations that were refused in the end."""
    if record.experiment == "storage":
        yield from rows_of(replace(record, rows=[row for row in record.rows if _is_storage_row(row)]))
        return
    refused = [row.get("configuration") for row in record.of("refused")]
    for row in standing(record.rows):
        if row["kind"] in ("repeat", "epoch", "build") and (
            row.get("configuration") is None or row["configuration"] not in refused
        ):
            yield row


def _is_storage_row(row: Row) -> bool:
    """Whether a line has what every reader of storage rows relies on; a damaged or foreign one may not."""
    texts = all(isinstance(row.get(name), str) for name in ("format", "variant", "operation"))
    times = list if row["kind"] == "row" else int | float
    return texts and isinstance(row.get("samples"), int) and isinstance(row.get("seconds"), times)


def _storage_measure(row: Row) -> Measure:
    operation, samples = str(row.get("operation")), row["samples"]
    images = "1 image" if samples == 1 else f"{samples:,} images"
    return Measure(f"{operation} {samples}", f"{OPERATIONS.get(operation, operation)}: {images}", "s", False)


def _parts(record: RunRecord, row: Row) -> tuple[Part, ...]:
    """What tells a row's thing apart. What a row does not say, its setup does."""
    if record.experiment == "storage":
        return ((STORE, f"{row.get('format')}/{row.get('variant')}"),)
    if record.experiment == NOTEBOOK:
        names: Sequence[str] = (STORE, "split")
    else:
        names = TRAIN_PARTS if record.experiment == "train" else LOADER_PARTS
    told = {"workers_asked": record.setup.get("workers"), **record.setup, **row}
    return tuple((name, _text(told[name])) for name in names if isinstance(told.get(name), str | int | float))


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _values(told: Any) -> list[float]:
    """A value, or a list of raw ones, as far as they are positive numbers: a ratio can be made of no others."""
    values = told if isinstance(told, list) else [told]
    return [float(value) for value in values if _is_positive(value)]


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
