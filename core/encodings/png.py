"""PNG: lossless, readable by everything."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from ..base.contracts import Buffer, Original, Pixels, Shape
from ..base.options import option
from ..images import pixels
from ..images.value_range import DEFAULT, ValueRange


@dataclass(frozen=True)
class Png:
    """Payload: an RGB PNG file."""

    compress_level: int = option(6, "zlib's effort, from 0 (store) to 9 (smallest)", minimum=0, maximum=9)
    lossless = True
    payload_shape: None = None

    def bind(self, shapes: Iterable[Shape], values: ValueRange = DEFAULT) -> Png:
        return self

    def suffix(self, payload: Buffer) -> str:
        return ".png"

    def encode(self, image: Original) -> bytes:
        file = io.BytesIO()
        Image.fromarray(image.pixels).save(file, "PNG", compress_level=self.compress_level)
        return file.getvalue()

    def decode(self, payload: Buffer) -> Pixels:
        return pixels.decode(payload)
