"""The loaders that ours is measured against, one module each, and ours.

A module has `prepare(work, folder)`, which writes the images in its own format below `folder` (once), and
`open_epochs(work, folder, workers)`, which gives a function that starts one shuffled epoch of `(images, labels)`:
float32, (B, 3, H, W), normalised with ImageNet's mean and std. It runs in a process of its own, in an environment
that has its library; nothing here imports ours. `entries` lists what is measured by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
SIDE = 224


@dataclass(frozen=True)
class Work:
    """What is loaded: all images below `images` (class folders), as stored bytes or as raw pixels."""

    name: str
    images: Path
    raw: bool
    batch_size: int
    train224: bool
    raw_size: int | None = None
    png: bool = False

    def files(self) -> list[tuple[Path, int]]:
        """(path, label), class by class in sorted order."""
        classes = sorted(folder for folder in self.images.iterdir() if folder.is_dir())
        return [(file, label) for label, folder in enumerate(classes) for file in sorted(folder.iterdir())]

    def pixels(self) -> Iterator[tuple[np.ndarray, int]]:
        """Decoded with Pillow: uint8 (H, W, 3), resized to `raw_size` where that is given, and the label."""
        from PIL import Image

        for path, label in self.files():
            image = Image.open(path).convert("RGB")
            if self.raw_size is not None:
                image = image.resize((self.raw_size, self.raw_size), Image.Resampling.BILINEAR)
            yield np.asarray(image), label


def works(cifar: Path, photos: Path, folder: Path) -> dict[str, Work]:
    """The comparisons: CIFAR-10's JPEGs, their pixels, some of them as PNG, and a single batch; photos, and their
    pixels at 256 x 256. Parts of CIFAR are folders that `parts` makes below `folder`."""
    return {
        "cifar-raw": Work("cifar-raw", cifar, raw=True, batch_size=256, train224=False),
        "cifar-jpeg": Work("cifar-jpeg", cifar, raw=False, batch_size=256, train224=False),
        "photos-jpeg": Work("photos-jpeg", photos, raw=False, batch_size=64, train224=True),
        "photos-raw": Work("photos-raw", photos, raw=True, batch_size=64, train224=True, raw_size=256),
        "cifar-png": Work(
            "cifar-png", folder / "images" / "cifar-png", raw=False, batch_size=256, train224=False, png=True
        ),
        "containers-jpeg": Work(
            "containers-jpeg", folder / "images" / "containers", raw=False, batch_size=256, train224=False
        ),
        "containers-raw": Work(
            "containers-raw", folder / "images" / "containers", raw=True, batch_size=256, train224=False
        ),
        "one-batch": Work("one-batch", folder / "images" / "one-batch", raw=False, batch_size=4096, train224=False),
    }
