"""Small image files of every kind, for tests of what reads them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def picture(seed: int, size: int = 8) -> Image.Image:
    """An RGB image of noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def encoded(image: Image.Image, kind: str = "png", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def put(path: Path, seed: int = 0) -> bytes:
    """Write an image file of noise at `path`, by its ending; returns its bytes."""
    kind = "jpeg" if path.suffix.lower() in (".jpg", ".jpeg") else "png"
    data = encoded(picture(seed), kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return data


def put_classes(root: Path, counts: dict[str, int], ending: str = ".png") -> None:
    """`counts[class]` images of noise in a folder for each class."""
    for number, (name, count) in enumerate(counts.items()):
        for index in range(count):
            put(root / name / f"{index:03d}{ending}", seed=1000 * number + index)
