"""Folders and files that hold masks of the images beside them, told by names and by content."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..images.file_samples import FORMATS
from .tree import IMAGE_ENDINGS, SourceFolder, image_files

MOST_FOLDERS = 4
"""Among more folders than this, masks are not looked for."""

LOOKED_AT = 6
"""Images of each folder whose content is looked at."""

FEW_VALUES = 40

_WORD = (
    r"[ _.-](?:mask|masks|seg|segmentation|gt|label|labels|groundtruth|ground_truth|trimap|matte|annotation)"
    r"(?:[ _.-]?\d{1,3})?"
)
_SUFFIX = re.compile(_WORD + "$", re.IGNORECASE)
_MARKED = re.compile(_WORD + r"\.[^./]*$", re.IGNORECASE)
"""The same in front of a file's ending."""


class Masks(NamedTuple):
    """The one folder of images, and those that hold masks of them."""

    images: SourceFolder
    masks: list[SourceFolder]


def masks_among(folders: Sequence[SourceFolder]) -> Masks | None:
    """Which of a few folders hold masks of the images in exactly one other: the same names, sizes, and few values."""
    if not 2 <= len(folders) <= MOST_FOLDERS or any(folder.kids for folder in folders):
        return None
    flat = {folder: [_look(path) for path in islice(_in_order(folder), LOOKED_AT)] for folder in folders}
    masks = [folder for folder, looks in flat.items() if looks and all(look is not None and look[2] for look in looks)]
    images = [folder for folder in folders if folder not in masks]
    if not masks or len(images) != 1:
        return None
    return Masks(images[0], masks) if all(_belong(mask, images[0]) for mask in masks) else None


def _in_order(folder: SourceFolder) -> Iterator[Path]:
    yield from sorted(image_files(folder, deep=False), key=lambda path: path.name)[:LOOKED_AT]


def _look(path: Path) -> tuple[int, int, bool] | None:
    """Width, height, and whether an image has one channel of few values; None where it cannot be read."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        with Image.open(path, formats=FORMATS) as image:
            size = image.size
            if image.mode not in ("1", "L", "P", "I;16") or size[0] * size[1] > 1 << 24:
                return *size, False
            return *size, len(np.unique(np.asarray(image)[:: max(1, size[1] // 256)])) <= FEW_VALUES
    except Exception:  # noqa: BLE001 - decoders raise anything on hostile bytes; the import itself says what is broken
        return None


def _belong(masks: SourceFolder, images: SourceFolder) -> bool:
    """Whether the masks looked at have the stems and sizes of images."""
    for path in _in_order(masks):
        partner = _image_of(images.path, path.stem) or _image_of(images.path, _SUFFIX.sub("", path.stem))
        if partner is None:
            return False
        mine, other = _look(path), _look(partner)
        if mine is None or other is None or mine[:2] != other[:2]:
            return False
    return True


def mask_files(paths: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each file, and whether it is a mask of another beside it by its name: `12_mask.png` beside `12.png`."""
    for path in paths:
        yield path, _MARKED.search(path) is not None and _is_mask(Path(path))


def _is_mask(path: Path) -> bool:
    stem = _SUFFIX.sub("", path.stem)
    return bool(stem) and stem != path.stem and _image_of(path.parent, stem) is not None


def _image_of(folder: Path, stem: str) -> Path | None:
    """The image file of this stem in a folder."""
    for ending in IMAGE_ENDINGS:
        for spelled in (ending, ending.upper()):
            path = folder / f"{stem}{spelled}"
            if os.path.lexists(path):
                return path
    return None
