"""What a suite has done so far: one JSON file, written anew after every step, so that an interrupted one goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ..base.checked_fields import AMOUNT, COUNT, FLAG, OBJECT, TEXT, Fields, fault, list_of, object_of
from ..base.errors import disk_trouble_told
from ..base.files import Unreadable, read_object, write_whole
from ..base.home import Home
from ..base.strict_json import dumps
from ..measure.records import STAMP

VERSION = 1
FOLDER = "suite"

FIELDS: Fields = {
    "version": COUNT,
    "same": OBJECT,
    "name": TEXT,
    "started": TEXT,
    "spent_s": AMOUNT,
    "reasons": object_of(TEXT),
    "workloads": list_of(OBJECT),
    "images": OBJECT,
    "plan": OBJECT,
    "notes": list_of(TEXT),
    "finished": FLAG,
}


@dataclass
class SuiteState:
    """same: what another suite has in common with this one if it may go on with it. spent_s: seconds up to its last
    step. reasons: environment -> why it could not be installed. workloads, images: as in the suite's file. plan: as
    `estimate.SuitePlan.told`. finished: whether its files were written (`html`, `json`)."""

    path: Path
    same: Mapping[str, Any]
    name: str
    started: str
    spent_s: float = 0.0
    reasons: dict[str, str] = field(default_factory=dict)
    workloads: list[dict[str, Any]] = field(default_factory=list)
    images: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    finished: bool = False
    html: str = ""
    json: str = ""

    @classmethod
    def begin(cls, path: Path, same: Mapping[str, Any]) -> Self:
        """Of a suite that begins now."""
        now = datetime.now(UTC)
        return cls(path, same, f"suite-{now.strftime(STAMP)}", now.isoformat(timespec="seconds"))

    @classmethod
    def read(cls, path: Path, same: Mapping[str, Any]) -> Self | None:
        """What the same suite has left there; None where there is nothing, or something else."""
        try:
            told = read_object(path)
        except Unreadable:
            return None
        if (
            fault(told, FIELDS, {"html": TEXT, "json": TEXT})
            or told["version"] != VERSION
            or told["same"] != dict(same)
        ):
            return None
        fields = {name: told[name] for name in (*FIELDS, "html", "json") if name in told and name != "version"}
        return cls(path=path, **fields)

    def keep(self) -> None:
        """Raises WorkError where the disk refuses."""
        told = {name: value for name, value in vars(self).items() if name != "path"}
        with disk_trouble_told("keeping what the suite has done"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, dumps({"version": VERSION, **told}, indent=1).encode())

    def workload(self, name: str) -> dict[str, Any] | None:
        """A workload that is done."""
        return next((one for one in self.workloads if one["name"] == name), None)


def state_path(home: Home, asked: Mapping[str, Any]) -> Path:
    """Where the state of a suite with these arguments lies."""
    digest = hashlib.sha256(dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    return home.root / "data" / FOLDER / f"{digest}.json"
