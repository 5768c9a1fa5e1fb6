"""What counts for a report: records of the same images on the same machine, of stores that are still the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..base.units import counted
from ..datasets.dataset import Dataset
from ..machine import machine_differences
from ..measure.records import RunRecord
from ..stores.store import StoreInfo
from .evidence import LeftOut

Row = Mapping[str, Any]


@dataclass
class RecordFilter:
    """What a record must share to be in the report: the images, the machine, and a store that is still the same."""

    dataset: Dataset
    machine: Row
    stores: Mapping[str, StoreInfo]
    left_out: list[LeftOut] = field(default_factory=list)
    raw: dict[str, list[Row]] = field(default_factory=dict)

    def takes(self, record: RunRecord) -> bool:
        """Whether a record is about these images and this machine; why not is noted."""
        reason = self._other_images(record) or self._other_machine(record)
        if reason:
            self.left_out.append(LeftOut(f"{record.experiment} of {when(record.setup['started'])}", reason))
        return not reason

    def takes_store(self, row: Row, record: RunRecord) -> bool:
        """Whether a row's store is still there, and not built anew since."""
        if row.get("dataset") not in (None, self.dataset.name):
            return False
        told = self.stores.get(f"{row['format']}/{row['variant']}")
        what = f"{row['format']}/{row['variant']} in {record.experiment} of {when(record.setup['started'])}"
        if told is None:
            self._note(LeftOut(what, "that store no longer exists"))
        elif _moment(str(record.setup["started"])) < _moment(told.manifest.built):
            self._note(LeftOut(what, "the store has been rebuilt since"))
        else:
            return True
        return False

    def whole(self, rows: Iterable[Row], numbers: Sequence[str], names: Sequence[str], record: RunRecord) -> list[Row]:
        """The rows that have these numbers, each more than 0, and all of `names`; how many have not is noted."""
        found = list(rows)
        kept = [
            row for row in found if all(name in row for name in names) and all(_counts(row, one) for one in numbers)
        ]
        if len(kept) < len(found):
            what = f"{counted(len(found) - len(kept), 'row')} of {record.experiment} of {when(record.setup['started'])}"
            self._note(LeftOut(what, "damaged: it lacks a figure"))
        return kept

    def keep(self, kind: str, record: RunRecord, rows: Iterable[Row]) -> None:
        """Note the rows as they were measured, for whoever wants to reckon again."""
        told = {"run": record.path.stem, "started": record.setup["started"]}
        self.raw.setdefault(kind, []).extend({**told, **row} for row in rows)

    def _note(self, left_out: LeftOut) -> None:
        if left_out not in self.left_out:
            self.left_out.append(left_out)

    def _other_images(self, record: RunRecord) -> str:
        measured = record.setup.get("fingerprints", {}).get(self.dataset.name)
        if measured is None and _moment(str(record.setup["started"])) < _moment(self.dataset.imported):
            return "it is older than the dataset, and does not say which images it measured"
        if measured not in (None, self.dataset.fingerprint):
            return f"measured on other images, then called {self.dataset.name}"
        return ""

    def _other_machine(self, record: RunRecord) -> str:
        if not record.machine:
            return "it does not say on which machine it was measured"
        differences = machine_differences(record.machine, self.machine)
        if not differences:
            return ""
        first = differences[0]
        return f"measured on another machine ({first.name}: {first.first}, here {first.second})"


def _moment(text: str) -> datetime:
    """Raises nothing: what is no time is before all others."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _counts(row: Row, name: str) -> bool:
    """Whether a row's figure is a number, or numbers, that can be reckoned with."""
    values = row.get(name)
    many = values if isinstance(values, list) and values else [values]
    return all(isinstance(one, int | float) and 0 < one < math.inf for one in many)


def when(started: str) -> str:
    """ "2026-11-21 13:20 UTC" """
    return started[:16].replace("T", " ") + " UTC"
