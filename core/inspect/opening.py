"""Which file, which database or which records of a file are meant where somebody opens one as a store."""

from __future__ import annotations

import os
from pathlib import Path

from ..base.home import Home
from .kinds import KINDS, identify, kind_of_folder
from .opened_store import ForeignStore
from .schemas.names import SUB


def open_foreign(
    path: str | os.PathLike[str], split: str | None = None, schema: str | None = None, home: Home | None = None
) -> ForeignStore:
    """A file or folder made elsewhere as a store.

    `split`: of a folder the file or folder of that name in it; else the sub-database, or the records that the file says
    are of this split (by a group, an array's or a shard's name, or a field).

    Raises:
        InputError: it is of no known kind, or has no such split.
    """
    chosen = Path(path).expanduser().absolute()
    if split is None:
        return ForeignStore(chosen, None, schema, home)
    inside = _called(split, chosen)
    if inside is not None:
        return ForeignStore(inside, split, schema, home)
    if schema is None and KINDS[identify(chosen).kind].several_in_one:
        named = f"{SUB}{split}"
        if named in ForeignStore(chosen, None, None, home).about["schemas"]:
            return ForeignStore(chosen, split, named, home)
    store = ForeignStore(chosen, split, schema, home, part=True)
    len(store)  # that there is no such split is said at once
    return store


def _called(split: str, folder: Path) -> Path | None:
    """What lies in a folder under the name of a split, whatever its ending; None where nothing does, or several do."""
    if not folder.is_dir() or kind_of_folder(folder) is not None:
        return None
    usual = [folder / f"{split}{ending}" for ending in ("", ".lmdb", "_lmdb", ".h5", ".hdf5")]
    there = next((part for part in usual if part.exists()), None)
    if there is not None:
        return there
    found = [entry for entry in folder.iterdir() if entry.stem == split and not entry.name.startswith(".")]
    return found[0] if len(found) == 1 else None
