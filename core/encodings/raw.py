"""Bare pixels: the fastest to read, the largest to keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np

from ..base.contracts import Buffer, Original, Pixels, Shape
from ..base.errors import InputError
from ..base.options import option
from ..images.pixels import resize
from ..images.value_range import DEFAULT, ValueRange

PROPOSED_SIZE = 224


@dataclass(frozen=True)
class Raw:
    """Payload: height x width x 3 bytes, rows from the top, RGB interleaved; one shape a store."""

    size: int | None = option(
        None,
        "Resize every image to size x size pixels; needed where the dataset's images differ in shape",
        minimum=1,
        maximum=8192,
        title="Resize to (pixels)",
    )
    payload_shape: Shape | None = None

    @property
    def lossless(self) -> bool:
        """Whether the source's pixels come back; a `size` may have resized some of them."""
        return self.size is None

    def bind(self, shapes: Iterable[Shape], values: ValueRange = DEFAULT) -> Raw:
        """Raises InputError where the shapes differ and no `size` says what to do about it."""
        if self.size is not None:
            return Raw(self.size, (self.size, self.size, 3))
        distinct = sorted(set(shapes))
        if not distinct:
            raise InputError("raw pixels need one shape, and none is known")
        if len(distinct) != 1:
            first, last = ("x".join(map(str, shape[:2])) for shape in (distinct[0], distinct[-1]))
            raise InputError(
                f"raw pixels need one shape, but this dataset has {len(distinct):,} (from {first} to {last}): "
                "give a size (option size=224) or choose another encoding"
            )
        return Raw(None, distinct[0])

    @staticmethod
    def proposed(shapes: Iterable[Shape]) -> dict[str, int | None]:
        """The options that a form offers at first, for images of these shapes, the most frequent one first.

        Images of several shapes get a `size`: 224, as most networks take, or less where they are smaller.
        """
        distinct = list(shapes)
        return {"size": min(PROPOSED_SIZE, max(distinct[0][:2])) if len(set(distinct)) > 1 else None}

    def suffix(self, payload: Buffer) -> str:
        return ".raw"

    def encode(self, image: Original) -> bytes:
        height, width, _ = self._shape
        return resize(image.pixels, height, width).tobytes()

    def decode(self, payload: Buffer) -> Pixels:
        shape = self._shape
        if len(payload) != prod(shape):
            raise ValueError(f"{len(payload):,} bytes where {prod(shape):,} raw pixel bytes belong")
        return np.frombuffer(payload, np.uint8).reshape(shape)

    @property
    def _shape(self) -> Shape:
        if self.payload_shape is None:
            raise ValueError("raw pixels of no known shape: bind() comes first")
        return self.payload_shape
