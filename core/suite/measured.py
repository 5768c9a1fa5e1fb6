"""What a loader experiment has left in its record, as a workload of a suite's file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..measure.records import read_record
from ..measure.suite_file import REFUSED_LOADER, REFUSED_MORE, REPEAT, REPEAT_MORE
from .workloads import SuiteWorkload

Row = Mapping[str, Any]


def workload_told(workload: SuiteWorkload, rounds: int, seconds: float, samples: int) -> dict[str, Any]:
    """A workload's facts, without what was measured."""
    return {
        "name": workload.name,
        "title": workload.title,
        "images": workload.images,
        "encoding": workload.encoding,
        "transform": workload.transform,
        "batch_size": workload.batch_size,
        "cache": workload.cache,
        "samples": samples,
        "seconds": seconds,
        "rounds": rounds,
        "complete": False,
        "reason": "",
        "repeats": [],
        "refused": [],
    }


def measured_rows(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The repeats and the refused loaders of a record, with the fields of a suite's file; of nothing both empty."""
    record = read_record(path)
    if record is None:
        return [], []
    repeats = [_known(row, (*REPEAT, *REPEAT_MORE)) for row in record.of("repeat")]
    return repeats, [_known(row, (*REFUSED_LOADER, *REFUSED_MORE)) for row in record.of("refused")]


def _known(row: Row, names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name) is not None}
