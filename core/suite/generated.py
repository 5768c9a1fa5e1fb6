"""Images that cost a decoder what real ones cost: noise whose spectrum falls as that of photographs does (1/f), with
edges, a light and a colour of its own for each; JPEG files in class folders, the same for the same number and kind.

Photos of 500 x 375 pixels at quality 88 have about 100 kB, and images of 32 x 32 at quality 75 about 1 kB, as
ImageNet's and CIFAR's files do. They are nothing to learn from: their classes differ in nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..base.events import Event, Pace, Progress
from .workloads import PHOTOS, SMALL

CLASSES = 10
STAGE = "generating images"

GENERATOR = 1
"""Raised when the same number and kind give other images."""


class GeneratedKind(NamedTuple):
    """Height and width in pixels, the JPEG quality, and how strong noise and fine grain are."""

    height: int
    width: int
    quality: int
    noise: float
    grain: float


KINDS = {SMALL: GeneratedKind(32, 32, 75, 48.0, 5.0), PHOTOS: GeneratedKind(375, 500, 88, 46.0, 7.0)}

ABOUT = (
    "They are generated: 1/f noise with edges, about as costly to decode as real ones of their size; nothing can be "
    "learnt from them."
)


def generate(folder: Path, kind: str, count: int) -> Iterator[Event]:
    """Write `count` images of a kind below `folder`, as CLASS/NUMBER.jpg. Raises OSError where the disk refuses."""
    pace = Pace()
    for label in range(CLASSES):
        (folder / f"class{label}").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"class{number % CLASSES}" / f"{number:06d}.jpg"
        path.write_bytes(image_file(kind, number))
        if pace.due():
            yield Progress(STAGE, number, count)
    yield Progress(STAGE, count, count)


def image_file(kind: str, number: int) -> bytes:
    """The JPEG file of one image; `number` decides every pixel."""
    made = KINDS[kind]
    file = io.BytesIO()
    Image.fromarray(_pixels(made, np.random.default_rng((GENERATOR, number)))).save(file, "JPEG", quality=made.quality)
    return file.getvalue()


def _pixels(made: GeneratedKind, draw: np.random.Generator) -> npt.NDArray[np.uint8]:
    """uint8 (height, width, 3)."""
    field = _field(made.height, made.width)
    top, left = (int(draw.integers(0, limit)) for limit in field.shape)
    noise = np.roll(field, (-top, -left), (0, 1))[: made.height, : made.width]
    if draw.integers(2):
        noise = noise[:, ::-1]
    light = noise * made.noise + _edges(made, draw)
    colour = draw.normal(0, 14, 3).astype(np.float32)
    tint = np.roll(noise, made.width // 3, 1)[..., None] * draw.normal(0, 9, 3).astype(np.float32)
    grain = _grain(made.height, made.width)[draw.integers(len(_grain(made.height, made.width)))] * made.grain
    whole = light[..., None] + colour + tint + grain[..., None] + 118
    return np.asarray(np.clip(whole, 0, 255), dtype=np.uint8)


def _edges(made: GeneratedKind, draw: np.random.Generator) -> npt.NDArray[np.float32]:
    """float32 (height, width): some straight edges, and areas of a light of their own between them."""
    rows = np.linspace(-1, 1, made.height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, made.width, dtype=np.float32)[None, :]
    areas = np.zeros((made.height, made.width), np.float32)
    for turn, offset, step in zip(
        draw.uniform(0, np.pi, 4), draw.normal(0, 0.5, 4), draw.normal(0, 26, 4), strict=True
    ):
        areas += np.where(rows * np.sin(turn) + columns * np.cos(turn) > offset, np.float32(step), np.float32(0))
    return areas


@lru_cache(maxsize=2)
def _field(height: int, width: int) -> npt.NDArray[np.float32]:
    """float32, noise with a 1/f spectrum of mean 0 and deviation 1 that goes on at its ends; images are cut from it."""
    shape = (max(2 * height, 256), max(2 * width, 256))
    draw = np.random.default_rng(GENERATOR)
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(draw.standard_normal(shape)) / frequency
    field = np.fft.irfft2(spectrum, shape)
    return np.asarray(field / field.std(), dtype=np.float32)


@lru_cache(maxsize=2)
def _grain(height: int, width: int) -> npt.NDArray[np.float32]:
    """float32 (8, height, width), white noise of deviation 1."""
    return np.random.default_rng(GENERATOR + 1).standard_normal((8, height, width)).astype(np.float32)
