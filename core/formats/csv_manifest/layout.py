"""The names in the folder of a CSV manifest."""

from __future__ import annotations

from pathlib import Path

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
