"""The folders and addresses that somebody at this machine has allowed for good, beside those of `roots`.

`data/allowed_folders.json`: a list of paths and addresses.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from ..base.errors import InputError, disk_trouble_told
from ..base.files import write_whole
from ..base.home import Home
from ..base.strict_json import dumps
from .remote.admission import may_be_asked
from .remote.location import RemotePath, located


def place(home: Home) -> Path:
    """The file that they are kept in."""
    return home.root / "data" / "allowed_folders.json"


def load(home: Home) -> tuple[Path, ...]:
    """Those that are allowed; none where the file is not there or not ours any more."""
    with contextlib.suppress(OSError, ValueError, InputError):
        told = json.loads(place(home).read_text("utf-8"))
        if isinstance(told, list):
            texts = [text for text in told if isinstance(text, str)]
            return tuple(located(text) for text in texts if Path(text).is_absolute() or may_be_asked(text))
    return ()


def allow(home: Home, folder: Path) -> None:
    """From now on everything below `folder` may be opened. Raises WorkError where the disk refuses."""
    resolved = folder if isinstance(folder, RemotePath) else Path(os.path.realpath(folder))
    _save(home, dict.fromkeys([*load(home), resolved]))


def forget(home: Home, folder: Path) -> None:
    """Take a permission back. Raises WorkError where the disk refuses."""
    _save(home, dict.fromkeys(other for other in load(home) if other != folder))


def _save(home: Home, folders: dict[Path, None]) -> None:
    path = place(home)
    with disk_trouble_told("keeping the folders that may be opened"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, dumps([str(folder) for folder in folders], indent=1).encode())
