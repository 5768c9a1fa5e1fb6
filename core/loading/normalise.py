"""Normalise: pixels to the numbers and the layout that networks take.

float32: (pixel / 255 - mean) / std a channel. uint8: the pixels, and the device normalises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.contracts import Pixels
from ..base.errors import InputError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Images = npt.NDArray[Any]
"""A batch's images: float32 or uint8, (B, 3, H, W)."""


@dataclass(frozen=True)
class Normalise:
    """Writes samples into a batch, channels first, as float32 or uint8.

    `mean` and `std` are of pixels in 0..1, one a channel.
    """

    output: str = "float32"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        if self.output not in ("float32", "uint8"):
            raise InputError(f"unknown output {self.output!r}; there are: float32, uint8")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise InputError("mean and std take three numbers each (red, green, blue), and no std may be 0")

    @property
    def dtype(self) -> npt.DTypeLike:
        return np.dtype(self.output)

    @cached_property
    def scale(self) -> npt.NDArray[np.float32]:
        """What a pixel in 0..255 is multiplied with, a channel."""
        return np.asarray(1 / (255 * np.asarray(self.std)), np.float32)

    @cached_property
    def shift(self) -> npt.NDArray[np.float32]:
        """What is added then, a channel."""
        return np.asarray(-np.asarray(self.mean) / np.asarray(self.std), np.float32)

    def __call__(self, samples: Sequence[Pixels], out: Images) -> None:
        """Fill `out`, (n, 3, H, W) of this dtype, from n samples of (H, W, 3)."""
        if self.output == "uint8":
            for sample, row in zip(samples, out, strict=True):
                row[...] = sample.transpose(2, 0, 1)
            return
        scale, shift = self.scale[:, None, None], self.shift[:, None, None]
        for sample, row in zip(samples, out, strict=True):
            np.multiply(sample.transpose(2, 0, 1), scale, out=row)
            row += shift
