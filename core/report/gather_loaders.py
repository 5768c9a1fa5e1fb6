"""Runs in which loaders of others took part: what they say about loaders, and about nothing else.

A rival has a container of its own, in which no store can be built, so its rows never stand among those of stores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..measure.loader_lines import LoaderLine, loader_lines
from ..measure.loader_runs import as_loader_run
from ..measure.records import RunRecord
from ..measure.rival_rows import is_rival
from .evidence import LoaderComparison
from .figures import RunSource
from .record_filter import RecordFilter, Row


def loader_comparisons(selection: RecordFilter, records: Sequence[RunRecord]) -> Iterator[LoaderComparison]:
    """Of each kind of work the run with the most rivals, the newest of those; only repeats of one run were
    interleaved. `records`: the newest first."""
    best: dict[tuple[str, ...], LoaderComparison] = {}
    for record in records:
        for comparison in _of_run(selection, record):
            known = best.get(comparison.work)
            if known is None or len(comparison.rivals) > len(known.rivals):
                best[comparison.work] = comparison
    yield from best.values()


def _of_run(selection: RecordFilter, record: RunRecord) -> Iterator[LoaderComparison]:
    run = as_loader_run(record)
    if run is None or not any(map(is_rival, run.repeats)):
        return
    rows = [row for row in run.repeats if _counts(selection, row, record)]
    selection.keep("rivals", record, [row for row in rows if is_rival(row)])
    source = RunSource(record.path.stem, record.experiment, str(record.setup["started"]), str(record.path))
    refused = tuple(row for row in run.refused if is_rival(row))
    lines = loader_lines(rows)
    for work in dict.fromkeys(line.work for line in lines if line.rival):
        same = tuple(line for line in lines if line.work == work)
        cache, split = (str(run.setup.get(name, "")) for name in ("cache", "split"))
        yield LoaderComparison(source, work, same, _refused_at(refused, work), cache, split)


def _counts(selection: RecordFilter, row: Row, record: RunRecord) -> bool:
    """Whether a row is about these images, and where it is ours, about a store that is still the same."""
    if is_rival(row):
        return row.get("dataset") in (None, selection.dataset.name)
    return "variant" in row and selection.takes_store(row, record)


def _refused_at(refused: Sequence[Row], work: tuple[str, ...]) -> tuple[Row, ...]:
    """Those that were refused at this kind of work."""
    return tuple(row for row in refused if LoaderLine("", row, {}).work == work)
