"""Parts of CIFAR's JPEG folder as folders of their own: 10,000 as PNG, 3,000 and 4,096 as they are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path

from benchmarks.peers import Work

IMAGES = {"cifar-png": 10_000, "containers": 3_000, "one-batch": 4_096}
"""By the name of their folder."""


def make_part(work: Work, cifar: Path) -> None:
    """Write a work's images if it is one of these and they are not there: the first of each class in turn."""
    if work.images.name not in IMAGES or work.images.exists():
        return
    making = work.images.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    for file in islice(_in_turn(cifar), IMAGES[work.images.name]):
        target = making / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if work.png:
            _write_png(file, target.with_suffix(".png"))
        else:
            shutil.copy(file, target)
    making.rename(work.images)


def part_of(images: Path, folder: Path, count: int) -> Path:
    """A folder of so many of the images, the first of each class in turn."""
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        for file in islice(_in_turn(images), count):
            target = making / file.parent.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        making.rename(folder)
    return folder


def _in_turn(cifar: Path) -> Iterator[Path]:
    """The first file of every class, the second of every class, and so on."""
    classes = [sorted(folder.iterdir()) for folder in sorted(cifar.iterdir()) if folder.is_dir()]
    return (file for file in chain.from_iterable(zip_longest(*classes)) if file is not None)


def _write_png(source: Path, target: Path) -> None:
    from PIL import Image

    Image.open(source).convert("RGB").save(target)
