"""Image files of a given size in pixels and bytes, for a plan about a dataset that is not here."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from ..base.contracts import Pixels

CLASSES = 4
QUALITIES = range(30, 96, 5)
COARSE = 12
"""A picture is this many times coarser than its pixels, and has noise on top, as photographs have."""


def draw_stand_ins(folder: Path, height: int, width: int, image_bytes: float, count: int) -> float:
    """Write `count` JPEG files of so many pixels, each of about `image_bytes`, in class folders; returns the mean of
    their bytes, which differs where no quality gives that many."""
    first = _picture(0, height, width)
    noise, quality = _nearest(first, image_bytes)
    total = 0
    for number in range(count):
        data = _jpeg(_noisy(_picture(number, height, width), noise, number), quality)
        place = folder / f"class{number % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06d}.jpg").write_bytes(data)
        total += len(data)
    return total / count


def _nearest(pixels: Pixels, image_bytes: float) -> tuple[float, int]:
    """(noise, quality) whose file comes nearest to so many bytes."""
    choices = [(noise, quality) for noise in (0.0, 4.0, 12.0, 30.0) for quality in QUALITIES]
    noisy = {noise: _noisy(pixels, noise, 0) for noise in (0.0, 4.0, 12.0, 30.0)}
    return min(choices, key=lambda choice: abs(len(_jpeg(noisy[choice[0]], choice[1])) - image_bytes))


def _picture(seed: int, height: int, width: int) -> Pixels:
    rough = np.random.default_rng(seed).integers(0, 256, (height // COARSE + 2, width // COARSE + 2, 3), np.uint8)
    return np.asarray(Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC))


def _noisy(pixels: Pixels, noise: float, seed: int) -> Pixels:
    if not noise:
        return pixels
    added = np.random.default_rng(seed).normal(0.0, noise, pixels.shape[:2])[..., None]
    return np.clip(pixels + added, 0, 255).astype(np.uint8)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()
