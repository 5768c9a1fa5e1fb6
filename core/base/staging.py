"""One at a time: who makes a thing holds its claim, and whoever comes second is told who that is.

Things are made in a folder of their own beside their target and renamed when they are complete, so a claim also
is where that folder comes from, and where what a killed process left behind is cleaned up.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import InputError

PATIENCE = 0.3
"""Seconds to wait for a claim: somebody may only be looking whether it is held."""


MARKER = "resume.json"
"""A file of this name in a claim's folder says that who was killed there can be gone on from."""

KEPT_DAYS = 7
"""So long such a folder waits for whoever claims its name next, from when the marker was last touched."""


def _never(folder: Path) -> bool:
    return False


@contextmanager
def claim(
    workplace: Path, name: str, work: str, goes_on: Callable[[Path], bool] = _never, keep: bool = False
) -> Iterator[Path]:
    """An empty folder in `workplace` for making `name`, gone at the end; nobody else gets it meanwhile.

    `work` says what is being done ("import", "build"). Where a killed process left a folder for `name` with a `MARKER`,
    it is taken in the place of an empty one if `goes_on(folder)`. `keep`: where the folder has a `MARKER`, it stays
    also when the work is interrupted or fails. Raises InputError where another process holds the claim.
    """
    workplace.mkdir(parents=True, exist_ok=True)
    lock = FileLock(workplace / f"{name}.lock")
    try:
        lock.acquire(timeout=PATIENCE, poll_interval=PATIENCE / 10)
    except Timeout:
        raise InputError(f"{_holder(workplace, name)} is at the {work} of {name!r}; wait for it to end") from None
    try:
        scratch = workplace / f"{name}.{os.getpid()}"
        left = [folder for known, _, folder in _scratch_folders(workplace) if known == name and _can_go_on(folder)]
        taken = next(filter(goes_on, left), None)
        if taken is not None and taken != scratch:
            shutil.rmtree(scratch, ignore_errors=True)
            taken.rename(scratch)
        clean(workplace, held=name, taken=None if taken is None else scratch)
        try:
            if taken is None:
                scratch.mkdir()
            yield scratch
        except BaseException:
            if not (keep and (scratch / MARKER).exists()):
                shutil.rmtree(scratch, ignore_errors=True)
            raise
        shutil.rmtree(scratch, ignore_errors=True)
    finally:
        lock.release()


def clean(workplace: Path, held: str, taken: Path | None = None) -> None:
    """Remove the folders whose processes are gone (a folder's name is `name.process`), but for those of other names
    that can be gone on from.

    `held` is claimed by the caller, so whatever bears that name is a leftover too, if it is not `taken`.
    """
    for name, _, folder in list(_scratch_folders(workplace)):
        leftover = (
            folder != taken if name == held else not _can_go_on(folder) and not _is_held(workplace / f"{name}.lock")
        )
        if leftover:
            shutil.rmtree(folder, ignore_errors=True)


def left_to_go_on(workplace: Path) -> list[tuple[str, Path]]:
    """(name, folder) of what killed processes left in `workplace` that can be gone on from."""
    if not workplace.is_dir():
        return []
    return [
        (name, folder)
        for name, _, folder in _scratch_folders(workplace)
        if _can_go_on(folder) and not _is_held(workplace / f"{name}.lock")
    ]


def _can_go_on(folder: Path) -> bool:
    try:
        touched = (folder / MARKER).stat().st_mtime
    except OSError:
        return False
    return time.time() - touched < KEPT_DAYS * 86_400


def _scratch_folders(workplace: Path) -> Iterator[tuple[str, str, Path]]:
    """(name, process, folder) of every claim's folder, held or left behind."""
    for folder in workplace.iterdir():
        name, _, process = folder.name.rpartition(".")
        if process.isdecimal() and folder.is_dir() and (workplace / f"{name}.lock").exists():
            yield name, process, folder


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def _holder(workplace: Path, claimed: str) -> str:
    """Which process holds a claim, and since when; its folder is not there yet for an instant."""
    for name, process, folder in _scratch_folders(workplace):
        if name == claimed:
            return f"process {process} (since {datetime.fromtimestamp(folder.stat().st_ctime):%H:%M})"
    return "another process"
