"""Small pictures as `data:` addresses, for pages and documents that load nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from PIL import Image

from ..base.contracts import Pixels
from ..base.errors import FormatMattersError
from ..base.rich_display import DisplayedPicture
from .pixels import decode
from .value_range import DEFAULT, ValueRange

QUALITY = 85


def thumbnail_address(data: bytes, values: ValueRange = DEFAULT, edge: int = 60) -> str:
    """A `data:` address of an image file's picture, to be shown `edge` pixels wide or high (twice that, for fine
    screens): PNG where it is no larger than that, else JPEG.

    Raises BadImage for a file that is none.
    """
    image = Image.fromarray(decode(data, values, edge=2 * edge))
    image.thumbnail((2 * edge, 2 * edge))
    small = max(image.size) <= edge
    file = io.BytesIO()
    image.save(file, "png" if small else "jpeg", **({} if small else {"quality": QUALITY}))
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(file.getvalue()).decode()}"


def pixels_address(pixels: Pixels, edge: int = 60) -> str:
    """A `data:` address of a PNG of uint8 pixels (height, width, 3), made smaller where they are more than `edge`."""
    image = Image.fromarray(pixels)
    image.thumbnail((edge, edge))
    file = io.BytesIO()
    image.save(file, "png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


class LabelledSamples(Protocol):
    """A store or a file: samples by index, each uint8 pixels (height, width, 3) and the number of its class."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> tuple[Pixels, int]: ...


def sample_pictures(samples: LabelledSamples, classes: Sequence[str], most: int = 12) -> Iterator[DisplayedPicture]:
    """`most` samples spread evenly over all, with their classes; those that cannot be read are left out."""
    count = len(samples)
    for number in range(min(most, count)):
        with suppress(FormatMattersError):
            pixels, label = samples[number * count // min(most, count)]
            named = classes[label] if 0 <= label < len(classes) else str(label)
            yield DisplayedPicture(pixels_address(pixels, 72), named)
