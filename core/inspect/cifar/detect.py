"""Whether a folder or a file is CIFAR's, from bytes: a folder by its pickles, a file of rows as a guess."""

from __future__ import annotations

from pathlib import Path

from ..candidate import UnidentifiedFile
from ..contents.pickled import PICKLES
from .binary import labels_before

BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "train", "test")


def has_batches(folder: Path) -> bool:
    """Whether one of the batches lies there as a pickle."""
    return any(_is_pickle(folder / name) for name in BATCHES)


def _is_pickle(path: Path) -> bool:
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(2) in PICKLES
    except OSError:
        return False


def looks_like_rows(candidate: UnidentifiedFile) -> bool:
    return labels_before(candidate.head, candidate.size) is not None
