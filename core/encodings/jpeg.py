"""JPEG: small and lossy."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from ..base.contracts import Buffer, Original, Pixels, Shape
from ..base.options import option
from ..images import pixels
from ..images.value_range import DEFAULT, ValueRange
from .entry_points import jpeg_index_option


@dataclass(frozen=True)
class Jpeg:
    """Payload: a baseline JPEG file, re-encoded from the pixels (`original` keeps existing JPEGs as they are)."""

    quality: int = option(90, "libjpeg's quality: 75 is small, 90 good, 95 close to the source", minimum=1, maximum=100)
    jpeg_index: int | None = jpeg_index_option()
    lossless = False
    payload_shape: None = None

    def bind(self, shapes: Iterable[Shape], values: ValueRange = DEFAULT) -> Jpeg:
        return self

    def suffix(self, payload: Buffer) -> str:
        return ".jpg"

    def encode(self, image: Original) -> bytes:
        file = io.BytesIO()
        Image.fromarray(image.pixels).save(file, "JPEG", quality=self.quality)
        return file.getvalue()

    def decode(self, payload: Buffer) -> Pixels:
        return pixels.decode(payload)
