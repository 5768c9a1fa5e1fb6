"""Whether a file is a .npy, by its magic, and whether a folder is a set of them."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from ...formats.npy.layout import MAGIC
from ..candidate import UnidentifiedFile

MOST_ENTRIES = 2_000


def is_npy(candidate: UnidentifiedFile) -> bool:
    return candidate.head.startswith(MAGIC)


def is_folder_of_arrays(folder: Path) -> bool:
    """Whether at least half of the files in a folder are called .npy, and one of them is."""
    with os.scandir(folder) as entries:
        looked = itertools.islice(entries, MOST_ENTRIES)
        names = [entry.name for entry in looked if entry.is_file(follow_symlinks=False)]
    arrays = [name for name in names if name.endswith(".npy")]
    if not arrays or 2 * len(arrays) < len(names):
        return False
    with (folder / arrays[0]).open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
