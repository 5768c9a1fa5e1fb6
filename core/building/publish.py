"""The last step of a build: from a folder of its own to where everybody sees it, in one rename."""

from __future__ import annotations

import os
import shutil
from itertools import chain, islice
from pathlib import Path

SYNCED_ONE_BY_ONE = 64


def settle(folder: Path) -> None:
    """Bring a finished store to the disk, so that its name can never outlive its contents in a power failure."""
    every = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    files = list(islice(every, SYNCED_ONE_BY_ONE + 1))
    if len(files) > SYNCED_ONE_BY_ONE and hasattr(os, "sync"):
        os.sync()  # tens of thousands of single syncs would take minutes
        return
    for file in chain(files, every):
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


def publish(made: Path, target: Path) -> None:
    """Rename `made` to `target`; what was there before is put aside first and removed afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    before = _aside(target)
    if target.exists():
        target.rename(before)
    made.rename(target)
    shutil.rmtree(before, ignore_errors=True)


def restore(target: Path) -> None:
    """Put back what a rebuild that was killed between its two renames had put aside."""
    before = _aside(target)
    if before.exists() and not target.exists():
        before.rename(target)
    shutil.rmtree(before, ignore_errors=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.before")
