"""A session brought in from elsewhere: a folder of its own in `runs/`, marked, and never over another."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from ..base.errors import WorkError, disk_trouble_told
from ..base.files import remove
from ..base.home import Home
from ..base.strict_json import dumps
from ..machine.session import now
from .records import FOREIGN, RunRecord, read_record

WORKPLACE = ".incoming"
LEFT_SECONDS = 3600


def keep_foreign(home: Home, session: str, origin: str, record: str, files: Mapping[str, bytes]) -> RunRecord:
    """Keep `files` (safe names -> contents) as a session and return its record, the file called `record`.

    `origin` is the name of what was brought in. The same content lands in the same folder, so bringing a run in twice
    changes nothing.
    """
    digest = hashlib.sha256(files[record]).hexdigest()[:12]
    known = session if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}", session) else "unknown"
    folder = home.runs / f"foreign-{known}-{digest}"
    if not folder.exists():
        with disk_trouble_told("keeping the run"):
            _make(home, folder, {FOREIGN: _mark(session, origin), **files})
    found = read_record(folder / record)
    if found is None:
        raise WorkError(f"{folder} holds no run that can be read; delete it and bring the run in again")
    return found


def _mark(session: str, origin: str) -> bytes:
    return dumps({"from": origin, "session": session, "brought_in": now()}).encode()


def _make(home: Home, folder: Path, files: Mapping[str, bytes]) -> None:
    """All files in one step: a folder of records is seen complete or not at all."""
    workplace = home.runs / WORKPLACE
    workplace.mkdir(parents=True, exist_ok=True)
    _clean(workplace)
    scratch = workplace / uuid.uuid4().hex
    scratch.mkdir()  # as whoever runs the app has it: not open to more people than what is measured here
    try:
        for name, content in files.items():
            (scratch / name).write_bytes(content)
        if not folder.exists():
            scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _clean(workplace: Path) -> None:
    """Remove what a process that was killed left behind."""
    with contextlib.suppress(OSError):
        for left in workplace.iterdir():
            if time.time() - left.lstat().st_mtime > LEFT_SECONDS:
                remove(left)


def delete_run(home: Home, record: RunRecord) -> None:
    """Remove a run's files; of a session that was brought in, the whole folder. Raises WorkError where the disk
    refuses."""
    with disk_trouble_told("deleting the run"):
        if record.foreign and not record.path.parent.is_symlink():
            shutil.rmtree(record.path.parent)
        else:
            remove_record(record.path)


def remove_record(path: Path) -> None:
    """A record's file, whatever lies there in its place, and the files beside it. Raises OSError."""
    for found in [*path.parent.iterdir()]:
        if found.name.startswith(f"{path.stem}."):
            remove(found)
