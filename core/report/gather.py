"""Finds everything that was measured on one dataset on this machine, and says what it leaves out and why."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from ..base.home import Home
from ..base.options import options_of
from ..compressions import COMPRESSIONS
from ..datasets.dataset import Dataset
from ..encodings import ENCODINGS
from ..formats import FORMATS
from ..machine.session import machine, now, versions
from ..measure.background_load import background_load
from ..measure.loader_runs import EXPERIMENTS
from ..measure.records import RunRecord, list_records
from ..stores.store import StoreInfo, list_stores
from .evidence import (
    DatasetFacts,
    Evidence,
    StoreFacts,
)
from .gains import possible_gains
from .gather_loaders import loader_comparisons
from .gather_runs import accesses, loadings, trainings
from .record_filter import RecordFilter


def gather(home: Home, name: str, compare: bool = True) -> Evidence:
    """Everything about the dataset called `name`; without `compare` no compression is tried on its images, which takes
    a second or two (`gains`). Raises InputError where there is no such dataset."""
    dataset = Dataset.open(home, name)
    selection = RecordFilter(dataset, machine(home), {store.name: store for store in list_stores(home, name)})
    loader_runs = _kept(selection, home, EXPERIMENTS)
    loading = tuple(loadings(selection, loader_runs))
    loaders = tuple(loader_comparisons(selection, loader_runs))
    training_runs = tuple(trainings(selection, _kept(selection, home, ("train",))))
    access = tuple(accesses(selection, _kept(selection, home, ("storage",))))
    stores = tuple(_built(store) for store in selection.stores.values())
    return Evidence(
        images=_images(dataset),
        machine=selection.machine,
        versions=versions(),
        stores=stores,
        gains=tuple(possible_gains(home, name, stores)) if compare else (),
        left_out=tuple(selection.left_out),
        raw=selection.raw,
        taken=now(),
        disk_free=shutil.disk_usage(home.root).free,
        home=str(home.root),
        loading=loading,
        loaders=loaders,
        trainings=training_runs,
        access=access,
    )


def _kept(selection: RecordFilter, home: Home, experiments: Sequence[str]) -> list[RunRecord]:
    """The records that count, the newest first."""
    found = [record for name in experiments for record in list_records(home, name, selection.dataset.name)]
    kept = [record for record in found if selection.takes(record)]
    return sorted(kept, key=lambda record: str(record.setup["started"]), reverse=True)


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
    for name in ("used_bytes", "allocated_bytes", "apparent_bytes"):
        sums[name] += sum(split.get("referenced_bytes", 0) for split in splits)  # it is of no use without these
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
