"""The workers that were chosen for a store on this machine: measured once, kept in a small file, used from then on.

A file for each kind of work, `~/.cache/format-matters/workers/<hash of the work>.json` (the setting `cache` moves it):
the work, the choice, why, and the day. `workers="measure"` measures again, and so does whoever deletes the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from ..base.errors import InputError
from ..base.files import Unreadable, read_object, write_whole
from ..base.strict_json import dumps
from ..machine.facts import processor
from ..processes.cpus import cpu_quota
from ..stores.store import Store
from .kernel_cache import cache_folder
from .pipeline import Addressed, Identified, StagedPipeline, Stored
from .workers import Workers, parse_workers

MOST_FILES = 1000
MOST_BYTES = 10_000
LONGEST_REASON = 300

Work = Mapping[str, Any]


@dataclass(frozen=True)
class KeptWorkers:
    """What was chosen before for one kind of work. `work`: None where nothing tells this store from another;
    `again`: measure, whatever is kept."""

    work: Work | None
    again: bool = False

    def choose(self, count: int, pipeline: str, measure: Callable[[], Workers]) -> Workers:
        """The kept choice among up to `count` workers of this kind of pipeline, its reason with the day it is from;
        else what `measure` says, which is kept then. A choice that other work disturbed is kept for the day."""
        if self.work is None or count == 1:
            return measure()
        work = {**self.work, "count": count, "pipeline": pipeline}
        file = folder() / f"{hashlib.sha256(dumps(work).encode()).hexdigest()[:32]}.json"
        kept = None if self.again else _read(file, work)
        if kept is not None:
            return kept
        chosen = measure()
        if not self.again and (kept := _read(file, work)) is not None:
            return kept  # another process was first
        _write(file, work, chosen)
        return chosen


def kept_for(store: Stored, stages: StagedPipeline, batch_size: int, workers: int | str) -> KeptWorkers:
    """The choice for this work: its store (of which build), its batches, this machine, these sources."""
    again = str(workers) == "measure"
    build = _build(store)
    if build is None:
        return KeptWorkers(None, again)
    work = {
        "store": store.address if isinstance(store, Addressed) else str(store.path.resolve()),
        "build": build,
        "split": store.split,
        "samples": len(store),
        "batch_size": batch_size,
        "transform": stages.transform.name,
        "output": stages.normalise.output,
        "processor": processor(),
        "cpu_quota": cpu_quota(),
        "sources": cache_folder().name,
    }
    return KeptWorkers(work, again)


def _build(store: Stored) -> list[str] | None:
    """What tells this store's build, or this state of a file, from any other; None where nothing does."""
    if isinstance(store, Store):
        return [store.manifest.fingerprint, store.manifest.checksum, store.manifest.built]
    return [store.identity] if isinstance(store, Identified) else None


def folder() -> Path:
    """Where the choices are kept, beside the compiled kernels."""
    return cache_folder().parents[1] / "workers"


def _read(file: Path, work: Work) -> Workers | None:
    """None where nothing is kept, or nothing that can be used."""
    try:
        told = read_object(file, MOST_BYTES)
        chosen = parse_workers(str(told["workers"]))
        reason, day = str(told["reason"]), str(told["chosen"])
    except (Unreadable, InputError, KeyError):
        return None
    if chosen is None or chosen.kind == "any" or chosen.count > work["count"] or told.get("work") != work:
        return None
    readable = len(reason) <= LONGEST_REASON and reason.isprintable()
    if not readable or not re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII):
        return None
    disturbed = told.get("disturbed") is not False
    if disturbed and day != _today():
        return None
    return replace(chosen, reason=f"kept from {day}: {reason}", disturbed=disturbed)


def _write(file: Path, work: Work, chosen: Workers) -> None:
    """A folder that cannot be written to costs a measurement each time, no more."""
    told = {
        "workers": chosen.asked_as,
        "reason": chosen.reason,
        "chosen": _today(),
        "disturbed": chosen.disturbed,
        "work": work,
    }
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, dumps(told, indent=1).encode())
        _forget_oldest(file.parent)


def _forget_oldest(where: Path) -> None:
    files = sorted(where.glob("*.json"), key=lambda file: file.stat().st_mtime)
    for file in files[: max(len(files) - MOST_FILES, 0)]:
        file.unlink(missing_ok=True)


def _today() -> str:
    return date.today().isoformat()
