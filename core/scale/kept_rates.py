"""What was measured for plans, kept in the home: one file a measurement, `runs/<session>/rates-<time>.json`, with what
it was measured on and the identity of the machine. The newest that fits counts."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ..base.checked_fields import (
    AMOUNT,
    COUNT,
    FLAG,
    POSITIVE,
    TEXT,
    Fields,
    Kind,
    check,
    list_of,
    object_of,
    with_fields,
)
from ..base.errors import disk_trouble_told
from ..base.files import Unreadable, read_object, write_whole
from ..base.home import Home
from ..base.strict_json import dumps, plain
from ..machine import machine_facts, machine_identity
from ..machine.session import session_folder
from .disk_trial import DiskRates
from .load_trial import LoaderChoice
from .rates import BuildRates, ImageFacts, LoadRates

PATTERN = "rates-*.json"
STAMP = "%Y%m%d-%H%M%S-%f"
MOST_BYTES = 100_000


@dataclass(frozen=True)
class ScaleSubject:
    """What is measured: images of a dataset (its name and fingerprint) or drawn ones of a size, what is built of them
    and how that is loaded."""

    dataset: str
    fingerprint: str
    format: str
    encoding: str
    compression: str
    options: Mapping[str, Any]
    loader: LoaderChoice

    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = plain(asdict(self))
        return {**told, "options": {name: str(value) for name, value in sorted(self.options.items())}}


@dataclass(frozen=True)
class KeptRates:
    """`samples`: images of the trial; `measured`: when (ISO 8601, UTC); `loading`: how batches were made; `notes`: what
    was not as it will really be."""

    images: ImageFacts
    build: BuildRates
    load: LoadRates
    disk: DiskRates
    samples: int
    measured: str
    loading: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Raises Unreadable for what this version did not write."""
        check(dict(told), KEPT)
        return cls(
            ImageFacts(**told["images"]),
            BuildRates(**told["build"]),
            LoadRates(**told["load"]),
            DiskRates(**told["disk"]),
            told["samples"],
            told["measured"],
            told["loading"],
            tuple(told["notes"]),
        )

    @property
    def where(self) -> str:
        """Where its numbers come from, in words."""
        return f"measured here on {self.samples:,} images, {self.measured[:16].replace('T', ' ')} UTC"


def _object(type_of: Any, **others: Kind) -> Kind:
    """An object with a dataclass's fields, amounts but for `others`."""
    return with_fields({**dict.fromkeys((one.name for one in fields(type_of)), AMOUNT), **others})


KEPT: Fields = {
    "images": _object(ImageFacts, file_per_sample=FLAG, refers=FLAG),
    "build": _object(BuildRates, stages=object_of(AMOUNT), alone=POSITIVE),
    "load": _object(LoadRates),
    "disk": with_fields({"write_mb_s": POSITIVE, "read_mb_s": POSITIVE, "latency_ms": AMOUNT}),
    "samples": COUNT,
    "measured": TEXT,
    "loading": TEXT,
    "notes": list_of(TEXT),
}


def keep_rates(home: Home, subject: ScaleSubject, rates: KeptRates) -> Path:
    """Write them into this session's folder. Raises WorkError where the disk refuses."""
    stamp = datetime.now(UTC).strftime(STAMP)
    path = session_folder(home) / f"rates-{stamp}.json"
    told = {**asdict(rates), "disk": rates.disk._asdict(), "subject": subject.told(), "machine": _identity(home)}
    with disk_trouble_told("keeping what was measured"):
        write_whole(path, dumps(told, indent=1).encode())
    return path


def find_rates(home: Home, subject: ScaleSubject) -> KeptRates | None:
    """The newest that were measured on this machine for exactly this; None where there are none. Files that cannot be
    read are passed over: the next measurement takes their place."""
    with contextlib.suppress(OSError):
        for path in sorted(home.runs.glob(f"*/{PATTERN}"), key=lambda path: path.name, reverse=True):
            with contextlib.suppress(Unreadable, TypeError):
                told = read_object(path, MOST_BYTES)
                if told.pop("subject", None) == subject.told() and told.pop("machine", None) == _identity(home):
                    return KeptRates.of(told)
    return None


def _identity(home: Home) -> str | None:
    return machine_identity(machine_facts(home.root))
