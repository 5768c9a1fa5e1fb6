"""Bare pixels that lie otherwise than ours do: planes, grey, blue before red, with a fourth channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.contracts import Buffer, Original, Pixels, Shape
from ..base.errors import InputError
from ..images.value_range import DEFAULT, ValueRange
from .places.form import ImageForm
from .places.layout import taken_as


@dataclass(frozen=True)
class LaidOutPixels:
    """See `core.base.contracts.Encoding`; for reading only. All payloads are of one form."""

    form: ImageForm
    lossless = True
    payload_shape: None = None

    @property
    def pixels_shape(self) -> Shape:
        return self.form.height, self.form.width, 3

    @property
    def stored_size(self) -> int:
        return self.form.size

    def interleave(self, payloads: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """See `core.base.contracts.Rearranged`."""
        count, area = len(payloads), self.form.height * self.form.width
        made = np.empty((count, area, 3), np.uint8)
        axes = (count, self.form.channels, area) if self.form.planar else (count, area, self.form.channels)
        planes = payloads.reshape(axes) if self.form.planar else payloads.reshape(axes).transpose(0, 2, 1)
        for colour, band in enumerate(self.form.bands):  # plane by plane is several times faster than all at once
            made[:, :, colour] = planes[:, band]
        return made.reshape(count, -1)

    def bind(self, shapes: Iterable[Shape], values: ValueRange = DEFAULT) -> LaidOutPixels:
        return self

    def suffix(self, payload: Buffer) -> str:
        return ".raw"

    def encode(self, image: Original) -> bytes:
        raise InputError("pixels in the layout of a foreign file are read, not written: build with the encoding raw")

    def decode(self, payload: Buffer) -> Pixels:
        """Raises ValueError for another number of bytes."""
        if len(payload) != self.form.size:
            raise ValueError(f"{len(payload):,} bytes where {self.form.size:,} bytes of pixels belong")
        return np.ascontiguousarray(taken_as(self.form, np.frombuffer(payload, np.uint8)))
