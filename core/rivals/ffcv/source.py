"""What FFCV's writer is given: images by index, none of them too large for it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from ..inside.samples import Samples

PAGE_BYTES = 8 << 20
"""FFCV's default. A writer given an image of more than a page waits for ever for the worker that this has ended."""


class FfcvSamples:
    """What FFCV's writer reads in its processes: (image as the field takes it, ticket) by index."""

    def __init__(self, samples: Samples, original: bool) -> None:
        self._samples, self._original = samples, original

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        data, ticket = self._samples[int(index)]
        return (data if self._original else pixels_of(data, self._samples)), ticket


def pixels_of(data: bytes, samples: Samples) -> Any:
    """uint8 (H, W, 3) of a payload."""
    if samples.shape is not None:
        return np.frombuffer(data, np.uint8).reshape(*samples.shape, 3)
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def refuse_large(samples: Samples, encoded_bytes: Callable[[bytes, Samples], int] | None) -> None:
    """Raises ValueError for an image that does not fit a page.

    encoded_bytes: what the writer makes of an image, None where it keeps the bytes. Only images whose pixels take more
    than a page are encoded for this.
    """
    for index, (data, _) in enumerate(samples.in_order()):
        size = len(data)
        if samples.encoding == "jpeg" and encoded_bytes is not None:
            width, height = Image.open(BytesIO(data)).size
            size = encoded_bytes(data, samples) if width * height * 3 > PAGE_BYTES else 0
        if size > PAGE_BYTES:
            raise ValueError(
                f"sample {index} takes {size:,} bytes, more than the page of {PAGE_BYTES:,} that FFCV's writer fills: "
                f"compare on smaller images"
            )
