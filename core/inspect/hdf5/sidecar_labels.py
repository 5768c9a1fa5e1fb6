"""Labels in another file beside the images: `..._y.h5` for `..._x.h5`, `train_labels.h5` for `train_images.h5`."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...base.errors import InputError
from ..kinds import identify
from .facts import Facts, look
from .file import Hdf5File
from .labels import GUESS, STATED, TEXT, LabelColumn, labels_for

_PAIRS = {
    "x": ("y",),
    "images": ("labels", "targets", "y"),
    "image": ("label", "labels", "target"),
    "imgs": ("labels", "targets"),
    "img": ("label", "labels", "gt"),
    "data": ("labels", "label", "targets"),
    "features": ("labels", "targets"),
    "inputs": ("targets", "labels", "outputs"),
    "input": ("target", "label", "output"),
}
"""A word of the images' file, and what stands in its place in the name of the labels' file."""


def find_labels(
    file: Hdf5File, looked: Sequence[Facts], images: Facts, length: int, taken: Sequence[str] = ()
) -> LabelColumn | None:
    """The labels of `length` images: what the file states, what a file beside it states, its texts, last a guess."""
    stated = labels_for(file, looked, images, length, taken, [STATED]) or labels_beside(file, images, length)
    return stated or labels_for(file, looked, images, length, taken, [TEXT, GUESS])


def labels_beside(file: Hdf5File, images: Facts, length: int) -> LabelColumn | None:
    """The labels in a regular HDF5 file of the same folder that is named like this one; None where there is none."""
    for path in _candidates(file.path):
        try:
            if not stat.S_ISREG(path.lstat().st_mode) or identify(path).kind != "hdf5":
                continue
            other = Hdf5File(path)
        except (OSError, InputError):
            continue
        labels = labels_for(other, look(other), images, length, (), [STATED, TEXT])
        if labels is not None:
            labels.name = f"{labels.name} of {path.name}"
            return labels
        other.close()
    return None


def _candidates(path: Path) -> Iterator[Path]:
    """Names with one word changed, as the same word is written there: x, X; images, Images."""
    parts = re.split(r"([^A-Za-z]+)", path.stem)
    for place in range(len(parts) - 1, -1, -1):
        for word in _PAIRS.get(parts[place].lower(), ()):
            for written in dict.fromkeys((_like(word, parts[place]), word)):
                yield path.with_name("".join([*parts[:place], written, *parts[place + 1 :]]) + path.suffix)


def _like(word: str, pattern: str) -> str:
    return word.upper() if pattern.isupper() else word.capitalize() if pattern[:1].isupper() else word
