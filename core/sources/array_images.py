"""Folders without images but with .npy files: whether each of these is an image."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from ..images.array_files import samples_of
from .listed import read_image_file
from .tree import SourceTree

ENDING = ".npy"
LOOKED_AT = 3
LEAST = 8
"""Pixels of an image's shorter side; an array of less is a vector or a table."""


def arrays_as_images(tree: SourceTree) -> str:
    """A sentence about .npy files that are taken for images, each by its shape; empty where they are none."""
    files = (
        folder.path / name
        for folder in tree.root.walk()
        if ENDING in folder.others
        for name in folder.others[ENDING].names
    )
    shapes = [_shape(path) for path in islice(files, LOOKED_AT)]
    if not shapes or not all(shape and min(shape[:2]) >= LEAST for shape in shapes):
        return ""
    return (
        f"there are no image files, so each {ENDING} file is taken for an image, a guess from their shapes "
        f"({shapes[0]}: height, width, bands)"
    )


def _shape(path: Path) -> tuple[int, ...]:
    data = read_image_file(path)
    try:
        array = samples_of(data) if isinstance(data, bytes) else None
    except ValueError:
        return ()
    return () if array is None else (*array.shape, 1)[:3]
