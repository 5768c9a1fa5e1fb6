"""Suites among the runs of a home: a record of every repeat, and beside it the suite's own file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ..base.errors import InputError, disk_trouble_told
from ..base.files import Unreadable, read_whole, write_whole
from ..base.home import Home
from ..base.strict_json import dumps
from ..machine.session import SYSINFO, session_folder, session_name
from .imported_runs import keep_foreign
from .records import RunRecord, read_record
from .suite_file import LARGEST_SUITE, parse_suite, rows_of_suite

SUITE = "suite"
"""The experiment's name, and that of the file beside its record: `suite-<time>.suite.json`."""

SUITE_FILE = "suite.json"


def keep_suite(home: Home, suite: Mapping[str, Any]) -> RunRecord:
    """Keep a suite that was measured here among the runs. Raises WorkError where the disk refuses."""
    folder = session_folder(home)
    with disk_trouble_told("keeping the suite"):
        write_whole(folder / f"{suite['name']}.{SUITE_FILE}", dumps(suite, indent=1).encode())
        write_whole(folder / f"{suite['name']}.jsonl", _record(suite, session_name()))
    return _found(read_record(folder / f"{suite['name']}.jsonl"), str(suite["name"]))


def open_suite(home: Home, data: bytes, origin: str) -> RunRecord:
    """Keep a suite that came as a file from elsewhere, marked as foreign. Raises InputError that says what is wrong."""
    suite = parse_suite(data, origin)
    files = {
        f"{suite['name']}.jsonl": _record(suite, origin[:60]),
        f"{suite['name']}.{SUITE_FILE}": dumps(suite, indent=1).encode(),
        SYSINFO: dumps(suite["machine"], indent=1).encode(),
    }
    for path in home.runs.glob(f"*/{suite['name']}.jsonl"):
        with contextlib.suppress(InputError):
            record = _found(read_record(path), origin)
            if suite_of(record) == suite:  # measured here, or brought in before
                return record
    return keep_foreign(home, str(suite["name"]), origin, f"{suite['name']}.jsonl", files)


def suite_of(record: RunRecord) -> dict[str, Any]:
    """The suite behind one of the runs. Raises InputError for a run that is none, or whose file is damaged."""
    path = record.beside(SUITE_FILE)
    if record.experiment != SUITE:
        raise InputError(f"{record.name} is no suite")
    try:
        return parse_suite(read_whole(path, LARGEST_SUITE + 1), path.name)
    except Unreadable as error:
        raise InputError(f"the file of {record.name} cannot be read: {error}") from None


def _record(suite: Mapping[str, Any], session: str) -> bytes:
    workloads = suite["workloads"]
    setup = {
        "kind": "setup",
        "experiment": SUITE,
        "datasets": sorted(suite["images"]),
        "started": suite["started"],
        "session": session,
        "minutes": suite["minutes"],
        "rounds": max(one["rounds"] for one in workloads),
        "seconds": max(one["seconds"] for one in workloads),
        "split": "train",
        "fingerprints": {name: part["fingerprint"] for name, part in suite["images"].items()},
        "versions": suite.get("versions", {}),
    }
    lines = [setup, *(row for workload in workloads for row in rows_of_suite(workload))]
    return "".join(dumps(line) + "\n" for line in lines).encode()


def _found(record: RunRecord | None, name: str) -> RunRecord:
    if record is None:
        raise InputError(f"the record of {name} cannot be read; delete it and bring the suite in again")
    return record
