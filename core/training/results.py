"""Training runs that were kept, read back from their records. Without torch: the pages need none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.home import Home
from core.measure.records import Record, list_records

Row = Mapping[str, Any]
Lane = tuple[str, str]
"""(store, order)."""


@dataclass(frozen=True)
class TrainingRecord:
    """One run: its setup, and its epochs, or its turns where it measured how speed scales."""

    record: Record

    @property
    def path(self) -> Path:
        return self.record.path

    @property
    def setup(self) -> Row:
        return self.record.setup

    @property
    def scaling(self) -> bool:
        return bool(self.setup.get("scaling"))

    @property
    def epochs(self) -> list[Row]:
        return self.record.of("epoch")

    @property
    def turns(self) -> list[Row]:
        return self.record.of("turn")

    @property
    def lanes(self) -> list[Lane]:
        """Each store and order that was trained from, in the order of their first epochs."""
        return list(dict.fromkeys((row["store"], row["order"]) for row in self.epochs))

    @property
    def complete(self) -> bool:
        """Whether it ran to its end; one that was cancelled has fewer rows."""
        if self.scaling:
            kinds = ("stores", "batch_sizes", "worker_counts", "devices")
            wanted = int(self.setup["rounds"])
            for kind in kinds:
                wanted *= len(self.setup[kind])
            return len(self.turns) == wanted
        return len(self.epochs) == len(self.setup["stores"]) * len(self.setup["orders"]) * int(self.setup["epochs"])

    def of(self, lane: Lane) -> list[Row]:
        """The epochs of one store and order."""
        return [row for row in self.epochs if (row["store"], row["order"]) == lane]


def list_trainings(home: Home, dataset: str | None = None) -> list[TrainingRecord]:
    """The runs with at least one row, of one dataset or of all, the newest first."""
    return [TrainingRecord(record) for record in list_records(home, "train", dataset)]


def usual_pace(records: Sequence[TrainingRecord], model: str, device: str) -> float | None:
    """Images a second that this model was trained with on this device the last time, or None where it never was."""
    for record in records:
        if record.setup.get("model") == model and record.setup.get("device") == device and record.epochs:
            rows = record.epochs
            seconds = sum(row["ended"] - row["began"] for row in rows)
            return float(sum(row["samples"] + row["val_samples"] for row in rows) / seconds)
    return None
