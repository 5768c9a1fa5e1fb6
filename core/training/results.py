"""Training runs that were kept, read back from their records. Without torch: the pages need none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..base.home import Home
from ..measure.background_load import background_load
from ..measure.record_fields import EPOCH_ROW, EPOCHS_SETUP, SCALING_ROW, SCALING_SETUP, TRAIN_SETUP, has
from ..measure.records import RunRecord, list_records

Row = Mapping[str, Any]
RunKey = tuple[str, str]
"""(store, order)."""


@dataclass(frozen=True)
class TrainingRecord:
    """One run: its setup, and its epochs, or its measurements where it compared how speed scales."""

    record: RunRecord

    @property
    def path(self) -> Path:
        return self.record.path

    @property
    def setup(self) -> Row:
        return self.record.setup

    @property
    def scaling(self) -> bool:
        return bool(self.setup.get("scaling"))

    @cached_property
    def epochs(self) -> list[Row]:
        """Those that have all that an epoch is judged by."""
        return [row for row in self.record.of("epoch") if has(row, EPOCH_ROW)]

    @cached_property
    def turns(self) -> list[Row]:
        return [row for row in self.record.of("repeat") if has(row, SCALING_ROW)]

    @property
    def runs(self) -> list[RunKey]:
        """Each store and order that was trained from, in the order of their first epochs."""
        return list(dict.fromkeys((row["store"], row["order"]) for row in self.epochs))

    @property
    def complete(self) -> bool:
        """Whether it ran to its end; one that was cancelled has fewer rows."""
        return len(self.turns if self.scaling else self.epochs) == self.wanted

    @property
    def kinds(self) -> set[str]:
        """What it compared: "stores", "orders", or both; or how speed scales, "scaling"."""
        if self.scaling:
            return {"scaling"}
        stores, orders = (len(set(self.setup.get(name) or ())) for name in ("stores", "orders"))
        return {*(["orders"] if orders > 1 else []), *(["stores"] if stores > 1 or orders <= 1 else [])}

    @property
    def wanted(self) -> int:
        """How many epochs, or measurements, it was to have."""
        if not self.scaling:
            return len(self.setup["stores"]) * len(self.setup["orders"]) * int(self.setup["epochs"])
        wanted = int(self.setup["rounds"])
        for kind in ("stores", "batch_sizes", "worker_counts", "devices"):
            wanted *= len(self.setup[kind])
        return wanted

    @property
    def background_load(self) -> float | None:
        """The median share of all processors that other programs took; None where nobody looked."""
        return background_load(self.record.rows)

    def of(self, run: RunKey) -> list[Row]:
        """The epochs of one store and order."""
        return [row for row in self.epochs if (row["store"], row["order"]) == run]


def list_trainings(home: Home, dataset: str | None = None) -> list[TrainingRecord]:
    """The runs with at least one row, of one dataset or of all, the newest first."""
    found = [as_training(record) for record in list_records(home, "train", dataset)]
    return [run for run in found if run is not None]


def as_training(record: RunRecord) -> TrainingRecord | None:
    """A record of a training, as one; None where its setup does not say what was asked for, or no row is whole."""
    run = TrainingRecord(record)
    asked = {**TRAIN_SETUP, **(SCALING_SETUP if run.scaling else EPOCHS_SETUP)}
    return run if has(record.setup, asked) and (run.turns if run.scaling else run.epochs) else None


def usual_pace(records: Sequence[TrainingRecord], model: str, device: str) -> float | None:
    """Images a second that this model was trained with on this device the last time, or None where it never was."""
    for record in records:
        if record.setup.get("model") == model and record.setup.get("device") == device and record.epochs:
            rows = record.epochs
            seconds = sum(row.get("ended", 0.0) - row.get("began", 0.0) for row in rows)
            if seconds > 0:
                return float(sum(row["samples"] + row["val_samples"] for row in rows) / seconds)
    return None


PREPARE_SECONDS = 8.0
"""What runs take before their first epoch (comparing, the ceiling, libraries), where no record says."""


def usual_preparation(records: Sequence[TrainingRecord], model: str, device: str) -> float:
    """Seconds before the first epoch, as the last run with this model on this device had them."""
    for record in records:
        told = record.setup.get("prepare_s")
        if record.setup.get("model") == model and record.setup.get("device") == device and told is not None:
            return float(told)
    return PREPARE_SECONDS
