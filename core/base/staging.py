"""One at a time: who makes a thing holds its claim, and whoever comes second is told who that is.

Things are made in a folder of their own beside their target and renamed when they are complete, so a claim also
is where that folder comes from, and where what a killed process left behind is cleaned up.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import InputError

PATIENCE = 0.3
"""Seconds to wait for a claim: somebody may only be looking whether it is held."""


@contextmanager
def claim(workplace: Path, name: str, work: str) -> Iterator[Path]:
    """An empty folder in `workplace` for making `name`, gone at the end; nobody else gets it meanwhile.

    `work` says what is being done ("import", "build"). Raises InputError where another process holds the claim.
    """
    workplace.mkdir(parents=True, exist_ok=True)
    lock = FileLock(workplace / f"{name}.lock")
    try:
        lock.acquire(timeout=PATIENCE, poll_interval=PATIENCE / 10)
    except Timeout:
        raise InputError(f"{_holder(workplace, name)} is at the {work} of {name!r}; wait for it to end") from None
    try:
        clean(workplace, held=name)
        scratch = workplace / f"{name}.{os.getpid()}"
        try:
            scratch.mkdir()
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        lock.release()


def clean(workplace: Path, held: str) -> None:
    """Remove the folders whose processes are gone (a folder's name is `name.process`).

    `held` is claimed by the caller, so whatever bears that name is a leftover too.
    """
    for name, _, folder in _scratch_folders(workplace):
        if name == held or not _is_held(workplace / f"{name}.lock"):
            shutil.rmtree(folder, ignore_errors=True)


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
