"""FFCV with the JPEGs' own bytes in its container: it would encode them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from ffcv.fields import RGBImageField
from ffcv.fields.rgb_image import IMAGE_MODES
from PIL import Image

from benchmarks.peers import Work, ffcv
from benchmarks.peers.samples import encoded


class OriginalBytes(RGBImageField):  # type: ignore[misc]
    """FFCV's field of images, given JPEG files: written as they are, with the size that their header tells."""

    def encode(self, destination: Any, data: bytes, malloc: Callable[[int], tuple[int, np.ndarray]]) -> None:
        destination["mode"] = IMAGE_MODES["jpg"]
        destination["width"], destination["height"] = Image.open(BytesIO(data)).size
        destination["data_ptr"], storage = malloc(len(data))
        storage[:] = np.frombuffer(data, np.uint8)


def prepare(work: Work, folder: Path) -> None:
    if work.raw or work.png:
        raise NotImplementedError("only JPEGs differ from FFCV as it is")
    ffcv.write(list(encoded(work)), OriginalBytes(), folder)


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    return ffcv.open_epochs(work, folder, workers, OriginalBytes)
