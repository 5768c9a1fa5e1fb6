"""Lists that say which groups of samples belong to which split, as robomimic keeps them.

`mask/train` and `mask/valid` hold the names of groups (`demo_0`, ...). Other lists (`mask/20_percent`) are subsets of
their own, and say nothing of splits.
"""

from __future__ import annotations

from ...sources.folder_names import split_name
from .file import Hdf5File
from .texts import text_of

GROUP = "mask"
MOST_NAMES = 1_000_000


def listed_splits(file: Hdf5File) -> dict[str, str]:
    """Group -> split. A group that two lists name is in neither."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name, dataset in file.datasets.items():
        group, _, leaf = name.rpartition("/")
        split = split_name(leaf) if group == GROUP else None
        shape = tuple(map(int, dataset.shape or ())) if split is not None and split.pure else ()
        if split is None or len(shape) != 1 or shape[0] > MOST_NAMES or dataset.dtype.kind not in "SO":
            continue
        try:
            names = [text_of(file, value) for value in file.rows(dataset, 0, shape[0])]
        except ValueError:
            continue
        for member in filter(None, names):
            twice |= {member} if found.setdefault(member, split.split) != split.split else set()
    return {member: split for member, split in found.items() if member not in twice}
