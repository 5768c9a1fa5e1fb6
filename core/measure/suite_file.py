"""The file of a loader suite: strict JSON of one version, read as anybody's until every field has been looked at.

    {"format_matters_suite": 1, "name", "started", "ended", "minutes", "command", "rules": [text, ...],
     "machine": {...}, "versions": {library: version}, "notes": [text, ...],
     "images": {"small": {"from", "generated", "samples", "classes", "bytes", "shape", "fingerprint"}, "photos": ...},
     "rivals": [{"name", "title", "container", "version", "installed", "reason", ...}, ...],
     "workloads": [{"name", "title", "images", "encoding", "transform", "batch_size", "cache", "samples", "seconds",
                    "rounds", "complete", "reason", "repeats": [row, ...], "refused": [row, ...]}, ...]}

A row of `repeats` is one timed run of one loader, as it was measured; seconds, bytes and images as everywhere. Medians,
spreads and rankings are made from the rows whenever they are shown. What a file holds beside these fields is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from ..base.checked_fields import (
    AMOUNT,
    COUNT,
    FLAG,
    OBJECT,
    POSITIVE,
    Fields,
    Kind,
    fault,
    list_of,
    object_of,
    one_of,
    or_null,
)
from ..base.errors import InputError
from ..base.files import Unreadable, parse_object
from .record_fields import MACHINE, ONE, sound

MARK = "format_matters_suite"
VERSION = 1

LARGEST_SUITE = 32_000_000
"""Bytes. A suite of 20 loaders, 7 workloads and 5 rounds has 0.7 MB."""

MOST_WORKLOADS, MOST_ROWS, MOST_RIVALS = 64, 20_000, 500


def _text(longest: int) -> Kind:
    return Kind(
        f"text of at most {longest:,} characters", lambda value: isinstance(value, str) and len(value) <= longest
    )


NAME = Kind(
    "a name of letters, digits and . _ + -",
    lambda value: isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", value)),
)
SUITE_NAME = Kind(
    "suite-DATE-TIME-FRACTION",
    lambda value: isinstance(value, str) and bool(re.fullmatch(r"suite-\d{8}-\d{6}-\d{6}", value)),
)
STORE = Kind(
    "FORMAT/VARIANT",
    lambda value: isinstance(value, str) and bool(re.fullmatch(r"[\w.+-]{1,64}/[\w.+ -]{1,120}", value)),
)
SHORT, LINE, LONG = _text(120), _text(2_000), _text(20_000)
WORKERS = Kind("a number or a short text", lambda value: SHORT.fits(value) or COUNT.fits(value))

TOP: Fields = {
    MARK: COUNT,
    "name": SUITE_NAME,
    "started": SHORT,
    "ended": SHORT,
    "minutes": AMOUNT,
    "command": LINE,
    "machine": OBJECT,
    "images": OBJECT,
    "rivals": list_of(OBJECT),
    "workloads": list_of(OBJECT),
}
TOP_MORE: Fields = {"rules": list_of(LONG), "notes": list_of(LINE), "versions": object_of(SHORT)}

IMAGES: Fields = {"from": LINE, "generated": FLAG, "samples": COUNT, "classes": COUNT, "fingerprint": SHORT}
IMAGES_MORE: Fields = {"bytes": AMOUNT, "shape": SHORT, "about": LINE}

RIVAL: Fields = {"name": NAME, "title": SHORT}
RIVAL_MORE: Fields = {
    **dict.fromkeys(("container", "version", "licence", "environment"), SHORT),
    **dict.fromkeys(("home_page", "description", "fair", "reason"), LINE),
    **dict.fromkeys(("installed", "reencodes"), FLAG),
}

WORKLOAD: Fields = {
    "name": NAME,
    "title": SHORT,
    "images": NAME,
    "encoding": NAME,
    "transform": NAME,
    "batch_size": ONE,
    "cache": one_of(("warm", "cold")),
    "samples": COUNT,
    "seconds": POSITIVE,
    "rounds": ONE,
    "complete": FLAG,
    "reason": LINE,
    "repeats": list_of(OBJECT),
    "refused": list_of(OBJECT),
}
WORKLOAD_MORE: Fields = {"minutes": AMOUNT, "record": LINE, "ceilings": object_of(or_null(POSITIVE)), "note": LINE}

REPEAT: Fields = {"loader": NAME, "store": STORE, "round": ONE, "samples_per_s": POSITIVE}
REPEAT_MORE: Fields = {
    **dict.fromkeys(("format", "variant", "workers_reason", "device", "output"), LINE),
    **dict.fromkeys(
        ("cpu_s_per_sample", "peak_memory_bytes", "bytes_on_disk", "first_batch_s", "prepare_s", "of_ceiling",
         "shuffle_quality", "seconds", "samples", "background_load", "wall_s"),
        AMOUNT,
    ),
    "workers": WORKERS,
    "unique": AMOUNT,
    **dict.fromkeys(("rival", "disturbed", "again", "reencodes"), FLAG),
    "rival_version": SHORT,
}  # fmt: skip
REFUSED_LOADER: Fields = {"loader": NAME, "reason": LINE}
REFUSED_MORE: Fields = {"store": STORE, "rival": FLAG, "step_failed": SHORT}


def parse_suite(data: bytes, origin: str) -> dict[str, Any]:
    """The suite in a file's bytes: known fields alone, each of its kind. `origin` names the file for people.

    Raises InputError that says what is wrong.
    """
    if len(data) > LARGEST_SUITE:
        raise InputError(f"{origin} is larger than {LARGEST_SUITE // 1_000_000} MB; no suite is that large")
    try:
        told = parse_object(data)
    except Unreadable as error:
        raise InputError(f"{origin} is no suite: {error}") from None
    return checked_suite(told, origin)


def checked_suite(told: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """See `parse_suite`, of what was read from JSON."""
    if MARK not in told:
        raise InputError(f"{origin} is no suite: it has no {MARK!r}")
    if told[MARK] != VERSION:
        raise InputError(f"{origin} was made by another version of this app (suite {told[MARK]!r:.20}, here {VERSION})")
    suite = _checked(told, TOP, TOP_MORE, origin)
    images = {name: _checked(part, IMAGES, IMAGES_MORE, f"{origin}: images") for name, part in _images(suite, origin)}
    rivals = [_checked(one, RIVAL, RIVAL_MORE, f"{origin}: rivals") for one in _at_most(suite["rivals"], MOST_RIVALS)]
    workloads = [_workload(one, origin) for one in _at_most(suite["workloads"], MOST_WORKLOADS)]
    if sum(len(one["repeats"]) + len(one["refused"]) for one in workloads) > MOST_ROWS:
        raise InputError(f"{origin} has more than {MOST_ROWS:,} rows; no suite has")
    if len({one["name"] for one in workloads}) < len(workloads):
        raise InputError(f"{origin} has a workload twice")
    if not any(one["repeats"] for one in workloads):
        raise InputError(f"{origin} holds no measurements")
    machine = {name: value for name, value in sound(suite["machine"], MACHINE).items() if name in MACHINE}
    return {**suite, "machine": machine, "images": images, "rivals": rivals, "workloads": workloads}


def suite_digest(data: bytes) -> str:
    """Twelve hexadecimal digits that tell a file from others."""
    return hashlib.sha256(data).hexdigest()[:12]


def _images(suite: Mapping[str, Any], origin: str) -> list[tuple[str, Mapping[str, Any]]]:
    for name, part in suite["images"].items():
        if not NAME.fits(name) or not OBJECT.fits(part) or len(suite["images"]) > MOST_WORKLOADS:
            raise InputError(f"{origin}: its 'images' are not an object a kind")
    return list(suite["images"].items())


def _workload(told: Mapping[str, Any], origin: str) -> dict[str, Any]:
    workload = _checked(told, WORKLOAD, WORKLOAD_MORE, f"{origin}: a workload")
    where = f"{origin}: {workload['name']}"
    if len(workload["repeats"]) + len(workload["refused"]) > MOST_ROWS:
        raise InputError(f"{where} has more than {MOST_ROWS:,} rows; no suite has")
    return {
        **workload,
        "repeats": [_checked(row, REPEAT, REPEAT_MORE, f"{where}, a repeat") for row in workload["repeats"]],
        "refused": [
            _checked(row, REFUSED_LOADER, REFUSED_MORE, f"{where}, a refused loader") for row in workload["refused"]
        ],
    }


def _checked(told: Mapping[str, Any], required: Fields, optional: Fields, where: str) -> dict[str, Any]:
    """The known fields that are there. Raises InputError where one is missing or of another kind."""
    if (wrong := fault(told, required, optional)) is not None:
        raise InputError(f"{where}: {wrong}")
    return {name: told[name] for name in (*required, *optional) if told.get(name) is not None}


def _at_most(found: list[Any], most: int) -> list[Any]:
    if len(found) > most:
        raise InputError(f"a suite has at most {most} of what this file has {len(found):,} of")
    return found


def rows_of_suite(workload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A workload's rows as lines of a record (`core.measure.records`): its repeats, then who was refused."""
    name = str(workload["name"])
    about = {"workload": name, **{part: workload[part] for part in ("batch_size", "transform", "cache")}}
    kinds = (("repeat", workload["repeats"]), ("refused", workload["refused"]))
    return [
        {"kind": kind, **about, **row, "configuration": f"{name} {row['loader']}"}
        for kind, rows in kinds
        for row in rows
    ]
