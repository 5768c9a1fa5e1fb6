"""Random views of an image for training, by Pillow and the standard library's random numbers.

torch seeds these anew in every worker of its DataLoader.
"""

from __future__ import annotations

from functools import partial
from io import BytesIO
from math import exp, log, sqrt
from random import randint, random, uniform
from typing import Any

import numpy as np
from PIL import Image

from .decoding import Decoder, Pixels, decoder, stored_decoder
from .work import SIDE

AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
ATTEMPTS = 10
"""torchvision's defaults."""

Box = tuple[int, int, int, int]


def random_box(width: int, height: int) -> Box:
    """torchvision's RandomResizedCrop.get_params: (left, top, right, bottom) of a crop with 8% to 100% of the area and
    3:4 to 4:3; after ten boxes that do not fit the largest one in the middle with an allowed ratio."""
    for _ in range(ATTEMPTS):
        area = width * height * uniform(*AREA)
        ratio = exp(uniform(log(RATIO[0]), log(RATIO[1])))
        wide, high = round(sqrt(area * ratio)), round(sqrt(area / ratio))
        if 0 < wide <= width and 0 < high <= height:
            left, top = randint(0, width - wide), randint(0, height - high)
            return left, top, left + wide, top + high
    wide = min(width, max(1, round(height * RATIO[1])))
    high = min(height, max(1, round(width / RATIO[0])))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def random_crop(image: Image.Image) -> Image.Image:
    """torchvision's RandomResizedCrop to SIDE x SIDE (bilinear, antialiased), and a flip of every second one."""
    return _resized_and_flipped(image.crop(random_box(*image.size)))


def viewed(pixels: Pixels, transform: str) -> Pixels:
    """Pixels after a transform: uint8 (H, W, 3) as they are for "none", (SIDE, SIDE, 3) for "train224"."""
    if transform != "train224":
        return pixels
    left, top, right, bottom = random_box(pixels.shape[1], pixels.shape[0])
    return np.asarray(_resized_and_flipped(Image.fromarray(pixels[top:bottom, left:right])))


def stored_view(encoding: str, shape: tuple[int, int] | None, transform: str, decode: Decoder | None = None) -> Decoder:
    """What makes the pixels to hand out from a stored sample: decoded (see `stored_decoder`), then transformed. It
    travels through pickle."""
    pixels = stored_decoder(encoding, shape, decode)
    if transform != "train224":
        return pixels
    return _view_by_pillow if pixels is decoder("pillow") else partial(_view, decode=pixels)


def _view(data: Any, decode: Decoder) -> Pixels:
    return viewed(decode(data), "train224")


def _view_by_pillow(data: Any) -> Pixels:
    """The whole image never becomes an array."""
    return np.asarray(random_crop(Image.open(BytesIO(data)).convert("RGB")))


def _resized_and_flipped(crop: Image.Image) -> Image.Image:
    resized = crop.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return resized.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random() < 0.5 else resized
