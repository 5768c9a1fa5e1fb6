"""The file's bytes as they are: nothing is decoded, nothing can be lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..base.contracts import Buffer, Original, Pixels, Shape
from ..images import pixels
from ..images.array_files import NPY_MAGIC
from ..images.value_range import DEFAULT, ValueRange
from .entry_points import jpeg_index_option

# The first bytes of the image files that people have; anything else keeps a neutral ending.
_MAGIC = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"P5\n", ".pgm"),
    (b"P6\n", ".ppm"),
    (NPY_MAGIC, ".npy"),
)


@dataclass(frozen=True)
class OriginalEncoding:
    """Payload: the bytes of the imported file. `values`: how its dataset's wide samples become pixels."""

    values: ValueRange = DEFAULT
    jpeg_index: int | None = jpeg_index_option()
    lossless = True
    payload_shape: None = None

    def bind(self, shapes: Iterable[Shape], values: ValueRange = DEFAULT) -> OriginalEncoding:
        return replace(self, values=values)

    def suffix(self, payload: Buffer) -> str:
        head = bytes(payload[:12])
        if head[:4] == b"RIFF" and head[8:] == b"WEBP":
            return ".webp"
        return next((ending for magic, ending in _MAGIC if head.startswith(magic)), ".img")

    def encode(self, image: Original) -> bytes:
        return image.data

    def decode(self, payload: Buffer) -> Pixels:
        return pixels.decode(payload, self.values)
