"""Finds everything that was measured on one dataset on this machine, and says what it leaves out and why."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..base.checked_fields import NUMBER, TEXT
from ..base.home import Home
from ..base.options import options_of
from ..compressions import COMPRESSIONS
from ..datasets.dataset import Dataset
from ..encodings import ENCODINGS
from ..formats import FORMATS
from ..machine.session import machine, now, versions
from ..measure.background_load import background_load
from ..measure.bottleneck import BOUND_BY, bottlenecks
from ..measure.loader_runs import EXPERIMENTS
from ..measure.record_fields import has
from ..measure.records import RunRecord, list_records
from ..measure.storage.rows import rows_of
from ..stores.store import StoreInfo, list_stores
from ..training.verdict import compare_runs
from .evidence import (
    Access,
    DatasetFacts,
    Evidence,
    Loading,
    LoadingConfiguration,
    StoreFacts,
    Training,
    TrainingResult,
)
from .figures import RunSource, figure
from .gains import possible_gains
from .record_filter import RecordFilter, Row


def gather(home: Home, name: str) -> Evidence:
    """Everything about the dataset called `name`. Raises InputError where there is no such dataset."""
    dataset = Dataset.open(home, name)
    sieve = RecordFilter(dataset, machine(home), {store.name: store for store in list_stores(home, name)})
    loading = tuple(_loadings(sieve, _kept(sieve, home, EXPERIMENTS)))
    trainings = tuple(_trainings(sieve, _kept(sieve, home, ("train",))))
    access = tuple(_accesses(sieve, _kept(sieve, home, ("storage",))))
    stores = tuple(_built(store) for store in sieve.stores.values())
    return Evidence(
        images=_images(dataset),
        machine=sieve.machine,
        versions=versions(),
        stores=stores,
        gains=tuple(possible_gains(home, name, stores)),
        left_out=tuple(sieve.left_out),
        raw=sieve.raw,
        taken=now(),
        disk_free=shutil.disk_usage(home.root).free,
        home=str(home.root),
        loading=loading,
        trainings=trainings,
        access=access,
    )


def _kept(sieve: RecordFilter, home: Home, experiments: Sequence[str]) -> list[RunRecord]:
    """The records that count, the newest first."""
    found = [record for name in experiments for record in list_records(home, name, sieve.dataset.name)]
    kept = [record for record in found if sieve.takes(record)]
    return sorted(kept, key=lambda record: str(record.setup["started"]), reverse=True)


def _run(record: RunRecord) -> RunSource:
    return RunSource(record.path.stem, record.experiment, str(record.setup["started"]), str(record.path))


# ---------------------------------------------------------------- the dataset and its stores


def _images(dataset: Dataset) -> DatasetFacts:
    by_class = list(dataset.class_bytes().values())
    mean = dataset.bytes / max(sum(dataset.splits.values()), 1) or 1.0
    return DatasetFacts(
        dataset.name,
        dataset.fingerprint,
        dataset.splits,
        len(dataset.classes),
        dataset.bytes,
        min(by_class, default=mean) / mean,
        max(by_class, default=mean) / mean,
    )


def _built(store: StoreInfo) -> StoreFacts:
    told = store.manifest
    splits = [split for split in told.splits.values() if split["samples"]]
    sums = {name: sum(split[name] for split in splits) for name in SUMMED}
    encoding = ENCODINGS.make(told.encoding["name"], told.encoding["options"])
    return StoreFacts(
        name=store.name,
        format=told.format,
        encoding=told.encoding["name"],
        compression=told.compression["name"],
        build_s=sum(split["seconds"] for split in splits),
        paces=tuple(split["seconds"] / split["samples"] for split in splits),
        built=told.built,
        path=str(store.path),
        even=told.payload_shape is not None,
        lossless=encoding.lossless,
        options=_options(store),
        fixed_s=_fixed_seconds(told.extra),
        background_load=background_load([told.extra]),
        **sums,
    )


def _fixed_seconds(told: Mapping[str, Any]) -> float | None:
    """What a build took however many images there are; None where its version did not tell that apart."""
    parts = [told.get(name) for name in ("startup_seconds", "training_seconds")]
    return sum(part for part in parts if isinstance(part, int | float)) if parts[0] is not None else None


SUMMED = ("samples", "payload_bytes", "used_bytes", "allocated_bytes", "apparent_bytes", "files")


def _options(store: StoreInfo) -> dict[str, Any]:
    """The options of a store's parts that are not at their defaults, as `build --option` takes them."""
    told = store.manifest
    parts = (
        (ENCODINGS.load(told.encoding["name"]), told.encoding["options"]),
        (COMPRESSIONS.load(told.compression["name"]), told.compression["options"]),
        (FORMATS.load(told.format), told.format_options),
    )
    return {
        name: given[name]
        for made, given in parts
        for name, declared in options_of(made).items()
        if name in given and given[name] != declared.default
    }


# ---------------------------------------------------------------- loading


def _loadings(sieve: RecordFilter, records: Sequence[RunRecord]) -> Iterator[Loading]:
    """Of each store in each setting one run's turns.

    Only turns of one run were taken in turns. So of the runs in a setting the one that compares the most stores comes
    first, the newest of those; what it has not got is taken from the next one.
    """
    found: dict[LoadingConfiguration, list[_Field]] = {}
    for record in records:
        turns = sieve.whole(_turns(record), ("samples_per_s", "first_batch_s"), TURN, record)
        turns = [turn for turn in turns if sieve.takes_store(turn, record)]
        sieve.keep("loading", record, turns)
        for setting, stores in _grouped(turns, record).items():
            found.setdefault(setting, []).append(_Field(_run(record), stores))
    for setting, fields in found.items():
        seen: set[str] = set()
        for field in sorted(fields, key=_Field.worth, reverse=True):
            for store in field.stores.keys() - seen:
                yield _loading(store, setting, field.stores[store], field.run)
            seen |= field.stores.keys()


class _Field(NamedTuple):
    """The stores that one run loaded in one setting, with their turns."""

    run: RunSource
    stores: Mapping[str, list[Row]]

    def worth(self) -> tuple[int, str]:
        """Stores that were measured more than once, and when."""
        return sum(len(turns) > 1 for turns in self.stores.values()), self.run.started


TURN = ("format", "variant", "loader", "batch_size", "transform", "device", "output", "split", "cache", "stages",
        "ceilings")  # fmt: skip


def _turns(record: RunRecord) -> list[Row]:
    """Those of settings that were not refused later."""
    refused = {row["setting"] for row in record.of("refused")}
    return [turn for turn in record.of("turn") if turn.get("setting") not in refused or "setting" not in turn]


def _grouped(turns: Iterable[Row], record: RunRecord) -> dict[LoadingConfiguration, dict[str, list[Row]]]:
    groups: dict[LoadingConfiguration, dict[str, list[Row]]] = {}
    for turn in turns:
        asked = turn.get("workers_asked", record.setup.get("workers", turn.get("workers")))
        setting = LoadingConfiguration(
            turn["loader"],
            turn["batch_size"],
            str(asked),
            turn["transform"],
            turn["device"],
            turn["output"],
            turn["split"],
            str(record.setup.get("cache", turn["cache"])),
            float(turn.get("step_ms", 0.0)),
        )
        stores = groups.setdefault(setting, {})
        stores.setdefault(f"{turn['format']}/{turn['variant']}", []).append(turn)
    return groups


def _loading(store: str, setting: LoadingConfiguration, turns: Sequence[Row], run: RunSource) -> Loading:
    waits = [turn["wait_share"] for turn in turns if turn.get("wait_share") is not None]
    return Loading(
        store,
        setting,
        figure([turn["samples_per_s"] for turn in turns], run),
        figure([turn["first_batch_s"] for turn in turns], run),
        figure(waits, run) if waits else None,
        _medians([turn["stages"] for turn in turns], run),
        _medians([turn["ceilings"] for turn in turns], run),
        str(turns[-1].get("workers", "")),
        confirmed=all(turn["cache"] == setting.cache for turn in turns),
        others=background_load(turns),
        bound=next((BOUND_BY[told.bound] for told in bottlenecks(turns)), ""),
    )


def _medians(rows: Sequence[Mapping[str, Any]], run: RunSource) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: figure(values, run).median
        for name in names
        if (values := [row[name] for row in rows if isinstance(row.get(name), int | float)])
    }


# ---------------------------------------------------------------- training


def _trainings(sieve: RecordFilter, records: Sequence[RunRecord]) -> Iterator[Training]:
    for record in records:
        if not has(record.setup, TRAINED):
            continue
        rows = sieve.whole(record.of("epoch"), ("samples_per_s", "first_batch_s", "samples"), EPOCH, record)
        rows = [row for row in rows if sieve.takes_store(row, record)]
        if not rows:
            continue
        sieve.keep("training", record, rows)
        told, run = compare_runs(rows), _run(record)
        lanes: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            lanes.setdefault((row["store"], row["order"]), []).append(row)
        setup = record.setup
        yield Training(
            run=run,
            model=str(setup["model"]),
            device=str(setup["device"]),
            batch_size=int(setup["batch_size"]),
            epochs=max(len(epochs) for epochs in lanes.values()),
            lanes=tuple(_lane(store, order, epochs, run) for (store, order), epochs in lanes.items()),
            identical=told["identical"],
            verdict=str(told["verdict"]),
        )


TRAINED = {"model": TEXT, "device": TEXT, "batch_size": NUMBER}
"""What a training's setup has to say; what scaling measures is no training."""

EPOCH = ("format", "variant", "store", "order", "epoch", "losses", "wait_share", "val_accuracy", "val_loss",
         "shuffle_quality")  # fmt: skip


def _lane(store: str, order: str, rows: Sequence[Row], run: RunSource) -> TrainingResult:
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


def _accesses(sieve: RecordFilter, records: Sequence[RunRecord]) -> Iterator[Access]:
    """Of each way, operation and number of images the newest record's times."""
    seen: set[tuple[str, str, int]] = set()
    for record in records:
        rows = sieve.whole(rows_of(record), ("seconds", "samples"), ("format", "variant", "operation", "bytes"), record)
        sieve.keep("storage", record, rows)
        for row in rows:
            key = (f"{row['format']}/{row['variant']}", row["operation"], row["samples"])
            if key not in seen:
                seen.add(key)
                yield Access(*key, figure(row["seconds"], _run(record)), row["bytes"], background_load([row]))
