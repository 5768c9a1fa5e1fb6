"""Uploaded files: each in a private folder of its own, under a plain name, removed when nobody looks any more."""

from __future__ import annotations

import contextlib
import shutil
import time
import uuid
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..base.errors import disk_trouble_told
from ..base.home import Home
from ..base.names import safe_name

FOLDER = "inspected"
KEPT_SECONDS = 24 * 3600
"""An upload that is older was left behind by a server that was killed."""

COPY_BYTES = 1 << 20


def keep(home: Home, name: str, content: BinaryIO, purpose: str = FOLDER) -> Path:
    """A copy of what was uploaded; `discard` removes it. `purpose` names the folder of its kind.

    Raises:
        WorkError: the disk is full or cannot be written; nothing is left of the upload.
    """
    clear(home)
    folder = place(home, purpose) / uuid.uuid4().hex
    path = folder / clean_name(name)
    try:
        with disk_trouble_told("keeping the upload"):
            folder.mkdir(parents=True, mode=0o700)
            with path.open("xb") as file:
                shutil.copyfileobj(content, file, COPY_BYTES)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


def place(home: Home, purpose: str) -> Path:
    """Where uploads of a purpose are kept."""
    return home.root / "data" / "uploads" / purpose


def discard(path: Path) -> None:
    """Remove an upload and its folder."""
    if path.parent.parent.name == FOLDER:
        shutil.rmtree(path.parent, ignore_errors=True)


def clear(home: Home, older_than: float = KEPT_SECONDS) -> None:
    """Remove what was left behind."""
    with contextlib.suppress(OSError):
        for upload in list(place(home, FOLDER).iterdir()):
            if time.time() - upload.stat().st_mtime > older_than:
                shutil.rmtree(upload, ignore_errors=True)


def clean_name(name: str) -> str:
    """A file's name and nothing else: no folders, not hidden, safe on every system.

    >>> clean_name("../../etc/passwd")
    'passwd'
    """
    last = PurePosixPath(name.replace("\\", "/")).name.lstrip(".")
    return safe_name(Path(last).stem or "upload", Path(last).suffix)
