"""What lies among the datasets and cannot be read as one: listed with the reason, and removed."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import InputError, disk_trouble_told
from ..base.files import entries, remove
from ..base.home import Home
from .dataset import Dataset
from .index import INDEX


def list_damaged_datasets(home: Home) -> list[tuple[Path, str]]:
    """What lies among the datasets and cannot be read as one, and why."""
    found = []
    for path in entries(home.raw):
        if (path / INDEX).is_file():
            try:
                Dataset.open(home, path.name)
            except InputError as error:
                found.append((path, str(error)))
        else:
            found.append((path, f"it has no {INDEX}" if path.is_dir() else "it is no folder of images"))
    return found


def delete_damaged_dataset(home: Home, path: Path) -> None:
    """Remove what lies among the datasets and is none; of a link only the link.

    Raises InputError for anything else, WorkError where the disk refuses.
    """
    if path not in [damaged for damaged, _ in list_damaged_datasets(home)]:
        raise InputError(f"{path.name} is not one of the damaged datasets")
    with disk_trouble_told("deleting the dataset"):
        remove(path)
