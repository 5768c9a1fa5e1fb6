"""The folders that somebody at this machine has allowed for good, beside those of `core.inspect.roots`.

`data/allowed_folders.json`: a list of paths.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from ..base.errors import disk_trouble_told
from ..base.files import write_whole
from ..base.home import Home
from ..base.strict_json import dumps


def place(home: Home) -> Path:
    """The file that they are kept in."""
    return home.root / "data" / "allowed_folders.json"


def load(home: Home) -> tuple[Path, ...]:
    """Those that are allowed; none where the file is not there or not ours any more."""
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(place(home).read_text("utf-8"))
        if isinstance(told, list):
            return tuple(Path(path) for path in told if isinstance(path, str) and Path(path).is_absolute())
    return ()


def allow(home: Home, folder: Path) -> None:
    """From now on everything below `folder` may be opened. Raises WorkError where the disk refuses."""
    _save(home, dict.fromkeys([*load(home), Path(os.path.realpath(folder))]))


def forget(home: Home, folder: Path) -> None:
    """Take a permission back. Raises WorkError where the disk refuses."""
    _save(home, dict.fromkeys(other for other in load(home) if other != folder))


def _save(home: Home, folders: dict[Path, None]) -> None:
    path = place(home)
    with disk_trouble_told("keeping the folders that may be opened"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, dumps([str(folder) for folder in folders], indent=1).encode())
