"""One at a time: who makes a thing holds its claim, and whoever comes second is told who that is.

Things are made in a folder of their own beside their target and renamed when they are complete, so a claim also
is where that folder comes from, and where what a killed process left behind is cleaned up.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import InputError


@contextmanager
def claim(workplace: Path, name: str, work: str) -> Iterator[Path]:
    """An empty folder in `workplace` for making `name`, gone at the end; nobody else gets it meanwhile.

    `work` says what is being done ("import", "build"). Raises InputError where another process holds the claim.
    """
    workplace.mkdir(parents=True, exist_ok=True)
    lock = FileLock(workplace / f"{name}.lock")
    note = workplace / f"{name}.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{_holder(note, work)} {name!r}; wait for it to end, or use another name") from None
    try:
        note.write_text(json.dumps({"process": os.getpid(), "since": f"{datetime.now():%H:%M:%S}"}))
        clean(workplace, held=name)
        scratch = workplace / f"{name}.{os.getpid()}"
        try:
            scratch.mkdir()
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            note.unlink(missing_ok=True)
    finally:
        lock.release()


def clean(workplace: Path, held: str) -> None:
    """Remove the folders whose processes are gone (a folder's name is `name.process`).

    `held` is claimed by the caller, so whatever bears that name is a leftover too.
    """
    for folder in workplace.iterdir():
        if folder.is_dir() and (folder.stem == held or not _is_held(workplace / f"{folder.stem}.lock")):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def _holder(note: Path, work: str) -> str:
    """Who holds a claim, as the beginning of a sentence; the note may be missing for an instant."""
    try:
        told = json.loads(note.read_text())
        return f"process {told['process']} has been at the {work} of this name since {told['since']}:"
    except (OSError, ValueError, KeyError):
        return f"another process is at the {work} of this name:"
