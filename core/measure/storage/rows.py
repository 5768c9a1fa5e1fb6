"""The rows of the experiment: gathered while it runs, and read back from its record."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from ...base.checked_fields import one_of
from ..record_fields import STORAGE_ROW, STORAGE_SIZES, STORAGE_TIME, has
from ..records import RunRecord, RunRecorder
from .methods import OPERATIONS
from .repeats import WorkloadRun, WorkloadTimes

ROW, TIME, LEFT_OUT = "row", "time", "left-out"
"""Kinds of lines: an operation with all its times; each time as soon as it was measured; what was not measured."""

Key = tuple[str, str, str, int]
"""(format, variant, operation, samples)."""


def key_of(row: Mapping[str, Any]) -> Key:
    return row["format"], row["variant"], row["operation"], row["samples"]


class StorageRows:
    """Times as they come in; a record has each at once, and the rows when a cut-off is done (or was broken off)."""

    def __init__(self, recorder: RunRecorder) -> None:
        self._recorder = recorder
        self._open: dict[Key, dict[str, Any]] = {}
        self.done: list[dict[str, Any]] = []

    def add(self, run: WorkloadRun, measured: WorkloadTimes, background: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take in what a workload measured, and what other programs took meanwhile; returns a line for each time."""
        method = run.workload.method
        lines = [
            {
                "format": method.format,
                "variant": method.variant,
                "operation": time.operation,
                "samples": run.count,
                "seconds": time.seconds,
                "bytes": measured.sizes["allocated_bytes"],
                **measured.sizes,
                "distinct": min(run.count, len(run.images)),
                "repeated": run.count > len(run.images),
                "cache": "warm",
                "includes": method.includes,
                **background,
                **time.told,
            }
            for time in measured.times
        ]
        for line in lines:
            self._recorder.add(TIME, line)
            _gather(self._open, line)
        return lines

    def finish(self) -> None:
        """Write the rows that are open."""
        for row in self._open.values():
            self._recorder.add(ROW, row)
            self.done.append(row)
        self._open = {}


def _gather(rows: dict[Key, dict[str, Any]], line: Mapping[str, Any]) -> None:
    """Add one time to its row; its raw times become lists."""
    row = rows.setdefault(key_of(line), {**line, "seconds": []})
    row["seconds"].append(line["seconds"])
    if line.get("background_load") is not None:
        row["background_loads"] = [*row.get("background_loads", ()), line["background_load"]]
        row["background_load"] = statistics.median(row["background_loads"])
    if "encoding_s" in line:
        row["encoding_s"] = [*(row.get("encoding_s", []) if len(row["seconds"]) > 1 else []), line["encoding_s"]]


def rows_of(record: RunRecord) -> list[Mapping[str, Any]]:
    """The rows of a record; those of an experiment that was killed are put together from the times it had written.

    Each has `format`, `variant`, `operation`, `samples` (1 or more) and `seconds`, one positive time or more.
    """
    rows: dict[Key, dict[str, Any]] = {}
    for line in record.of(TIME):
        if has(line, STORAGE_TIME):
            _gather(rows, {name: value for name, value in line.items() if name != "kind"})
    for row in record.of(ROW):
        if not has(row, STORAGE_ROW):
            continue
        rows[key_of(row)] = {name: value for name, value in row.items() if name != "kind"}
    return list(rows.values())


def shown_rows(record: RunRecord) -> list[Mapping[str, Any]]:
    """The rows of a record that can be drawn: of an operation that is known, with the sizes of what was written."""
    known = {**STORAGE_SIZES, "operation": one_of(OPERATIONS)}
    return [row for row in rows_of(record) if has(row, known)]
