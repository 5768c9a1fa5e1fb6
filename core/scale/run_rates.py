"""What loader experiments of the same recipe measured here, at the size that their store really has: better than a
trial."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from statistics import median
from typing import Any, NamedTuple

from ..base.home import Home
from ..base.options import chosen
from ..datasets.dataset import Dataset
from ..encodings import ENCODINGS
from ..loading.loaders import DEFAULT_LOADER
from ..machine.session import machine
from ..measure.loader_runs import EXPERIMENTS
from ..measure.records import RunRecord, list_records, newest_first
from ..report.record_filter import RecordFilter
from ..stores.store import StoreInfo, list_stores
from .kept_rates import KeptRates, ScaleSubject
from .load_trial import LoaderChoice

SPEED = ("samples_per_s", "cpus")
NAMED = ("format", "variant", "loader", "transform", "output", "device", "cache", "batch_size", "split")


class RunPace(NamedTuple):
    """What a run measured: seconds of one CPU an image, of a split of so many bytes."""

    run: str
    image_s: float
    store_bytes: float


def with_runs(home: Home, subject: ScaleSubject, kept: KeptRates) -> KeptRates:
    """These rates, those of loading scaled so that they give what the newest run measured; as they are without one."""
    pace = newest_pace(home, subject) if subject.dataset else None
    if pace is None:
        return kept
    times = pace.image_s / max(kept.load.image_s(pace.store_bytes), 1e-12)
    names = ("near_s", "far_s")
    load = dataclasses.replace(kept.load, **{name: getattr(kept.load, name) * times for name in names})
    note = f"loading by the run {pace.run}: an image takes {times:.2f} times what it did in the trial"
    return dataclasses.replace(kept, load=load, notes=(*kept.notes, note))


def newest_pace(home: Home, subject: ScaleSubject) -> RunPace | None:
    """Of the newest run on this machine that loaded a store of this recipe as the subject says, from memory."""
    found = {info.name: info for info in list_stores(home, subject.dataset) if _is_of(info, subject)}
    if not found:
        return None
    records = [record for name in EXPERIMENTS for record in list_records(home, name, subject.dataset)]
    selection = RecordFilter(Dataset.open(home, subject.dataset), machine(home), found)
    for record in newest_first(filter(selection.takes, records)):
        pace = _pace(record, selection, found, subject.loader)
        if pace is not None:
            return pace
    return None


def _pace(
    record: RunRecord, selection: RecordFilter, stores: Mapping[str, StoreInfo], choice: LoaderChoice
) -> RunPace | None:
    repeats = selection.whole(record.of("repeat"), SPEED, NAMED, record)
    fitting = [one for one in repeats if _fits(one, choice) and f"{one['format']}/{one['variant']}" in stores]
    fitting = [one for one in fitting if selection.takes_store(one, record)]
    if not fitting:
        return None
    first = fitting[0]
    alike = [one for one in fitting if all(one[name] == first[name] for name in NAMED)]
    split = stores[f"{first['format']}/{first['variant']}"].manifest.splits.get(first["split"], {})
    seconds = median(one["cpus"] / one["samples_per_s"] for one in alike)
    return RunPace(record.path.stem, seconds, float(split.get("used_bytes", 0)))


def _fits(repeat: Mapping[str, Any], choice: LoaderChoice) -> bool:
    asked = {**choice.settings(), "loader": DEFAULT_LOADER, "device": "cpu", "cache": "warm"}
    return all(repeat[name] == value for name, value in asked.items()) and not repeat.get("step_ms")


def _is_of(info: StoreInfo, subject: ScaleSubject) -> bool:
    """Whether a store is of this recipe, into however many parts it was cut."""
    told = info.manifest
    names = (told.format, told.encoding["name"], told.compression["name"])
    wanted = ENCODINGS.make(subject.encoding, {
        name: value for name, value in subject.options.items() if name in ENCODINGS.options(subject.encoding)
    })  # fmt: skip
    return names == (subject.format, subject.encoding, subject.compression) and (
        told.encoding["options"] == chosen(wanted)
    )
