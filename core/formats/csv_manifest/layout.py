"""The names in the folder of a CSV manifest."""

from __future__ import annotations

import os
from pathlib import Path

from ...base.files import Unreadable, read_object
from ..folder import METADATA

HEADER = ["path", "label", "class"]
"""The first line of the manifest."""

IMAGES = "images"
"""The folder of copies."""

ROOT = "root"
"""In the metadata: the folder below which all images lie, absolute, or `HERE`."""

HERE = "."


def manifest_of(folder: Path) -> Path:
    """`<split>.csv` in the folder `<split>`."""
    return folder / f"{folder.name}.csv"


def referred_root(folder: Path) -> Path | None:
    """The folder whose images the manifest in `folder` names; None where it has them beside it, or is none."""
    if not manifest_of(folder).is_file():
        return None
    try:
        root = read_object(folder / METADATA).get(ROOT)
    except Unreadable:
        return None
    return Path(os.path.realpath(root)) if isinstance(root, str) and root != HERE and "\0" not in root else None
