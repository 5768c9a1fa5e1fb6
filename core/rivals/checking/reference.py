"""What the samples of a comparison look like, by Pillow's decoding of their own bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ..inside.samples import Samples
from ..inside.work import MEAN, STD

SMALL = 128
"""Pixels of the longer edge, about, at which views are looked for in their samples."""


ORIENTATION = 0x0112
"""EXIF's tag."""


class Reference:
    """Decodes samples when they are asked for."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def pixels(self, index: int) -> npt.NDArray[np.uint8]:
        """uint8 (H, W, 3), as stored: an orientation that EXIF tells is not applied."""
        payload, _ = self.samples[index]
        if self.samples.shape is not None:
            return np.frombuffer(payload, np.uint8).reshape(*self.samples.shape, 3)
        return np.asarray(Image.open(io.BytesIO(payload)).convert("RGB"))

    def versions(self, index: int) -> list[npt.NDArray[np.uint8]]:
        """The pixels as stored and, where EXIF tells an orientation, as they are meant to be seen: decoders differ."""
        plain = self.pixels(index)
        if self.samples.encoding != "jpeg":
            return [plain]
        image = Image.open(io.BytesIO(self.samples[index][0]))
        if image.getexif().get(ORIENTATION, 1) == 1:
            return [plain]
        return [plain, np.asarray(ImageOps.exif_transpose(image).convert("RGB"))]

    def small(self, index: int) -> npt.NDArray[np.uint8]:
        """As stored, about `SMALL` pixels large, each the mean of some: a JPEG is decoded at a fraction of its size."""
        if self.samples.shape is not None:
            return _reduced(Image.fromarray(self.pixels(index)))
        return _reduced(self._drafted(index).convert("RGB"))

    def small_versions(self, index: int) -> list[npt.NDArray[np.uint8]]:
        """`versions`, as small as `small`."""
        if self.samples.encoding != "jpeg":
            return [self.small(index)]
        image = self._drafted(index)
        turned = [] if image.getexif().get(ORIENTATION, 1) == 1 else [ImageOps.exif_transpose(image)]
        return [_reduced(one.convert("RGB")) for one in (image, *turned)]

    def _drafted(self, index: int) -> Image.Image:
        image = Image.open(io.BytesIO(self.samples[index][0]))
        image.draft("RGB", (SMALL, SMALL))  # at least that
        return image

    def means(self, indices: Iterable[int]) -> npt.NDArray[np.float64]:
        """The mean of each channel of these samples, (n, 3), of 0..255."""
        return np.array([self.pixels(index).mean((0, 1)) for index in indices]).reshape(-1, 3)


def _reduced(image: Image.Image) -> npt.NDArray[np.uint8]:
    factor = max(max(image.size) // SMALL, 1)
    return np.asarray(image.reduce(factor) if factor > 1 else image)


def as_pixels(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """What was normalised, (..., 3, H, W), back as numbers of 0..255."""
    pixels: npt.NDArray[np.float64] = 255 * (images * STD[:, None, None] + MEAN[:, None, None])
    return pixels


def mean_pixels(means: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Means of normalised channels, (n, 3), back as numbers of 0..255."""
    pixels: npt.NDArray[np.float64] = 255 * (means * STD + MEAN)
    return pixels
