"""The rows of the experiment: gathered while it runs, read back from its record, and what they say."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from core.measure.records import Record, Recorder
from core.measure.storage.turns import Measured, TurnRun

ROW, TIME, LEFT_OUT = "row", "time", "left-out"
"""Kinds of lines: an operation with all its times; each time as soon as it was measured; what was not measured."""

Key = tuple[str, str, str, int]
"""(format, variant, operation, samples)."""

QUARTILES_FROM = 5
ALONE = 0.1
"""How far off a time that was measured once may well be, as a part of it."""


def key_of(row: Mapping[str, Any]) -> Key:
    return row["format"], row["variant"], row["operation"], row["samples"]


class Rows:
    """Times as they come in; a record has each at once, and the rows when a cut-off is done (or was broken off)."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._open: dict[Key, dict[str, Any]] = {}
        self.done: list[dict[str, Any]] = []

    def add(self, run: TurnRun, measured: Measured) -> list[dict[str, Any]]:
        """Take in what a turn measured; returns a line for each time."""
        way = run.turn.way
        lines = [
            {
                "format": way.format,
                "variant": way.variant,
                "operation": time.operation,
                "samples": run.count,
                "seconds": time.seconds,
                "bytes": measured.sizes["allocated_bytes"],
                **measured.sizes,
                "distinct": min(run.count, len(run.images)),
                "repeated": run.count > len(run.images),
                "cache": "warm",
                "includes": way.includes,
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
    if "encoding_s" in line:
        row["encoding_s"] = [*(row["encoding_s"] if len(row["seconds"]) > 1 else []), line["encoding_s"]]


def rows_of(record: Record) -> list[Mapping[str, Any]]:
    """The rows of a record; those of an experiment that was killed are put together from the times it had written."""
    rows: dict[Key, dict[str, Any]] = {}
    for line in record.of(TIME):
        _gather(rows, {name: value for name, value in line.items() if name != "kind"})
    for row in record.of(ROW):
        rows[key_of(row)] = {name: value for name, value in row.items() if name != "kind"}
    return list(rows.values())


# ---------------------------------------------------------------- what they say


class Summary(NamedTuple):
    """Seconds of a row: the median, and the spread around it: the middle half of five times or more, all of fewer."""

    median: float
    low: float
    high: float
    times: int


def summary(seconds: Sequence[float]) -> Summary:
    """`seconds` has at least one time."""
    if len(seconds) >= QUARTILES_FROM:
        low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
        return Summary(median, low, high, len(seconds))
    return Summary(statistics.median(seconds), min(seconds), max(seconds), len(seconds))


class Place(NamedTuple):
    """A way's place in one operation at one number of images."""

    format: str
    variant: str
    told: Summary

    @property
    def name(self) -> str:
        return f"{self.format}/{self.variant}"

    def span(self) -> tuple[float, float]:
        """Where its true time may well lie."""
        if self.told.times > 1:
            return self.told.low, self.told.high
        return self.told.median * (1 - ALONE), self.told.median * (1 + ALONE)


def places(rows: Iterable[Mapping[str, Any]], operation: str, samples: int) -> list[Place]:
    """The ways, the fastest first."""
    found = [
        Place(row["format"], row["variant"], summary(row["seconds"]))
        for row in rows
        if row["operation"] == operation and row["samples"] == samples
    ]
    return sorted(found, key=lambda place: place.told.median)


def ties(ranked: Sequence[Place]) -> list[Place]:
    """Those behind the first whose spread overlaps with its: between them and the first nothing is decided."""
    return [place for place in ranked[1:] if place.span()[0] <= ranked[0].span()[1]]
