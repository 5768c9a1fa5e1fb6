"""What the records that count say of loading, of training, and of single operations on storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..base.checked_fields import NUMBER, TEXT
from ..measure.background_load import background_load
from ..measure.bottleneck import BOUND_BY, bottlenecks
from ..measure.disturbed import standing
from ..measure.record_fields import has
from ..measure.records import RunRecord
from ..measure.rival_rows import is_rival
from ..measure.storage.rows import rows_of
from ..training.verdict import compare_runs
from .evidence import (
    Access,
    Loading,
    LoadingConfiguration,
    Training,
    TrainingResult,
)
from .figures import RunSource, figure
from .record_filter import RecordFilter, Row


def _run(record: RunRecord) -> RunSource:
    return RunSource(record.path.stem, record.experiment, str(record.setup["started"]), str(record.path))


def loadings(selection: RecordFilter, records: Sequence[RunRecord]) -> Iterator[Loading]:
    """Of each store in each configuration one run's repeats.

    Only repeats of one run were interleaved. So of the runs in a configuration the one that compares the most stores
    comes first, the newest of those; what it has not got is taken from the next one.
    """
    found: dict[LoadingConfiguration, list[_Field]] = {}
    for record in records:
        own = [row for row in _repeats(record) if not is_rival(row)]  # no store is built in a rival's container
        repeats = selection.whole(own, ("samples_per_s", "first_batch_s"), REPEAT, record)
        repeats = [repeat for repeat in repeats if selection.takes_store(repeat, record)]
        selection.keep("loading", record, repeats)
        for configuration, stores in _grouped(repeats, record).items():
            found.setdefault(configuration, []).append(_Field(_run(record), stores))
    for configuration, fields in found.items():
        seen: set[str] = set()
        for field in sorted(fields, key=_Field.worth, reverse=True):
            for store in field.stores.keys() - seen:
                yield _loading(store, configuration, field.stores[store], field.run)
            seen |= field.stores.keys()


class _Field(NamedTuple):
    """The stores that one run loaded in one configuration, with their repeats."""

    run: RunSource
    stores: Mapping[str, list[Row]]

    def worth(self) -> tuple[int, str]:
        """Stores that were measured more than once, and when."""
        return sum(len(repeats) > 1 for repeats in self.stores.values()), self.run.started


REPEAT = ("format", "variant", "loader", "batch_size", "transform", "device", "output", "split", "cache", "stages",
        "ceilings")  # fmt: skip


def _repeats(record: RunRecord) -> list[Row]:
    """Those of configurations that were not refused later."""
    refused = {row["configuration"] for row in record.of("refused")}
    return [
        repeat
        for repeat in standing(record.of("repeat"))
        if repeat.get("configuration") not in refused or "configuration" not in repeat
    ]


def _grouped(repeats: Iterable[Row], record: RunRecord) -> dict[LoadingConfiguration, dict[str, list[Row]]]:
    groups: dict[LoadingConfiguration, dict[str, list[Row]]] = {}
    for repeat in repeats:
        asked = repeat.get("workers_asked", record.setup.get("workers", repeat.get("workers")))
        configuration = LoadingConfiguration(
            repeat["loader"],
            repeat["batch_size"],
            str(asked),
            repeat["transform"],
            repeat["device"],
            repeat["output"],
            repeat["split"],
            str(record.setup.get("cache", repeat["cache"])),
            float(repeat.get("step_ms", 0.0)),
        )
        stores = groups.setdefault(configuration, {})
        stores.setdefault(f"{repeat['format']}/{repeat['variant']}", []).append(repeat)
    return groups


def _loading(store: str, configuration: LoadingConfiguration, repeats: Sequence[Row], run: RunSource) -> Loading:
    waits = [repeat["wait_share"] for repeat in repeats if repeat.get("wait_share") is not None]
    return Loading(
        store,
        configuration,
        figure([repeat["samples_per_s"] for repeat in repeats], run),
        figure([repeat["first_batch_s"] for repeat in repeats], run),
        figure(waits, run) if waits else None,
        _medians([repeat["stages"] for repeat in repeats], run),
        _medians([repeat["ceilings"] for repeat in repeats], run),
        str(repeats[-1].get("workers", "")),
        str(repeats[-1].get("workers_reason", "")),
        confirmed=all(repeat["cache"] == configuration.cache for repeat in repeats),
        background_load=background_load(repeats),
        bound=next((BOUND_BY[told.bound] for told in bottlenecks(repeats)), ""),
    )


def _medians(rows: Sequence[Mapping[str, Any]], run: RunSource) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: figure(values, run).median
        for name in names
        if (values := [row[name] for row in rows if isinstance(row.get(name), int | float)])
    }


# ---------------------------------------------------------------- training


def trainings(selection: RecordFilter, records: Sequence[RunRecord]) -> Iterator[Training]:
    for record in records:
        if not has(record.setup, TRAINED):
            continue
        rows = selection.whole(record.of("epoch"), ("samples_per_s", "first_batch_s", "samples"), EPOCH, record)
        rows = [row for row in rows if selection.takes_store(row, record)]
        if not rows:
            continue
        selection.keep("training", record, rows)
        told, run = compare_runs(rows), _run(record)
        results: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            results.setdefault((row["store"], row["order"]), []).append(row)
        setup = record.setup
        yield Training(
            run=run,
            model=str(setup["model"]),
            device=str(setup["device"]),
            batch_size=int(setup["batch_size"]),
            epochs=max(len(epochs) for epochs in results.values()),
            results=tuple(_result(store, order, epochs, run) for (store, order), epochs in results.items()),
            identical=told["identical"],
            verdict=str(told["verdict"]),
        )


TRAINED = {"model": TEXT, "device": TEXT, "batch_size": NUMBER}
"""What a training's setup has to say; what scaling measures is no training."""

EPOCH = ("format", "variant", "store", "order", "epoch", "losses", "wait_share", "val_accuracy", "val_loss",
         "shuffle_quality")  # fmt: skip


def _result(store: str, order: str, rows: Sequence[Row], run: RunSource) -> TrainingResult:
    return TrainingResult(
        store,
        order,
        figure([row["samples_per_s"] for row in rows], run),
        figure([row["wait_share"] for row in rows], run),
        figure([row["first_batch_s"] for row in rows], run),
        tuple(row["val_accuracy"] for row in rows),
        tuple(row["val_loss"] for row in rows),
        float(rows[0]["shuffle_quality"]),
        background_load(rows),
    )


# ---------------------------------------------------------------- storage


def accesses(selection: RecordFilter, records: Sequence[RunRecord]) -> Iterator[Access]:
    """Of each method, operation and number of images the newest record's times."""
    seen: set[tuple[str, str, int]] = set()
    for record in records:
        rows = selection.whole(
            rows_of(record), ("seconds", "samples"), ("format", "variant", "operation", "bytes"), record
        )
        selection.keep("storage", record, rows)
        for row in rows:
            key = (f"{row['format']}/{row['variant']}", row["operation"], row["samples"])
            if key not in seen:
                seen.add(key)
                yield Access(*key, figure(row["seconds"], _run(record)), row["bytes"], background_load([row]))
