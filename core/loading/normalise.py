"""Normalise: pixels to the numbers and the layout that networks take.

float32: (pixel / 255 - mean) / std a channel. float16, bfloat16: the same, rounded to the nearest (to the even of two),
for training in mixed precision. uint8: the pixels, and the device normalises.
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
"""A batch's images, (B, 3, H, W), as `Normalise.dtype` says."""

OUTPUTS = ("float32", "float16", "bfloat16", "uint8")
"""What a batch's numbers can be: names of torch's types."""


@dataclass(frozen=True)
class Normalise:
    """Writes samples into a batch, channels first, as one of `OUTPUTS`.

    `mean` and `std` are of pixels in 0..1, one a channel.
    """

    output: str = "float32"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        if self.output not in OUTPUTS:
            raise InputError(f"unknown output {self.output!r}; there are: {', '.join(OUTPUTS)}")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise InputError("mean and std take three numbers each (red, green, blue), and no std may be 0")

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the batch's memory. NumPy has no bfloat16: int16 stands for its bits."""
        return np.dtype("int16" if self.output == "bfloat16" else self.output)

    @cached_property
    def scale(self) -> npt.NDArray[np.float32]:
        """What a pixel in 0..255 is multiplied with, a channel."""
        return np.asarray(1 / (255 * np.asarray(self.std)), np.float32)

    @cached_property
    def shift(self) -> npt.NDArray[np.float32]:
        """What is added then, a channel."""
        return np.asarray(-np.asarray(self.mean) / np.asarray(self.std), np.float32)

    @cached_property
    def factors(self) -> npt.NDArray[np.float32]:
        """What kernels multiply with and add, (6,): scale and shift of red, of green, of blue.

        uint8 is what is before the point, so that a half is added to round.
        """
        scale, shift = (np.ones(3), np.full(3, 0.5)) if self.output == "uint8" else (self.scale, self.shift)
        return np.stack([scale, shift], 1).ravel().astype(np.float32)

    def __call__(self, samples: Sequence[Pixels], out: Images) -> None:
        """Fill `out`, (n, 3, H, W) of this dtype, from n samples of (H, W, 3)."""
        if self.output == "uint8":
            for sample, row in zip(samples, out, strict=True):
                row[...] = sample.transpose(2, 0, 1)
            return
        scale, shift = self.scale[:, None, None], self.shift[:, None, None]
        if self.output == "float32":
            for sample, row in zip(samples, out, strict=True):
                np.multiply(sample.transpose(2, 0, 1), scale, out=row)
                row += shift
            return
        numbers = np.empty(out.shape[1:], np.float32)
        for sample, row in zip(samples, out, strict=True):
            np.multiply(sample.transpose(2, 0, 1), scale, out=numbers)
            numbers += shift
            row[...] = _bfloat16(numbers) if self.output == "bfloat16" else _float16(numbers)


def _float16(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    with np.errstate(over="ignore"):  # a tiny std makes numbers that are infinite as float16
        return numbers.astype(np.float16)


def _bfloat16(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """The bits of the nearest bfloat16, of two equally near ones the even: float32's upper half, rounded."""
    bits = numbers.view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    return (rounded >> np.uint32(16)).astype(np.uint16).view(np.int16)
