"""What peers share that hand out one sample at a time: decoding, the random crop, and stacking, the usual way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from io import BytesIO
from math import exp, log, sqrt
from random import Random, randint, random, uniform
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from benchmarks.peers import MEAN, SIDE, STD, Work

MEAN_TENSOR = torch.tensor(MEAN, dtype=torch.float32)[:, None, None]
STD_TENSOR = torch.tensor(STD, dtype=torch.float32)[:, None, None]

Sample = tuple[torch.Tensor, int]
Decoder = Callable[[Any], np.ndarray]


class Source(Protocol):
    """What Indexed reads: a sample's stored data and its label."""

    def __getitem__(self, index: int) -> tuple[Any, Any]: ...


def encoded(work: Work) -> Iterator[tuple[bytes, int]]:
    """Every sample as it is stored: the file's bytes, or bare pixels."""
    if work.raw:
        yield from ((pixels.tobytes(), label) for pixels, label in work.pixels())
    else:
        yield from ((path.read_bytes(), label) for path, label in work.files())


def mixed(work: Work) -> list[tuple[bytes, int]]:
    """The same in a random order: what those advise to write whose shuffling does not leave a chunk's neighbourhood."""
    samples = list(encoded(work))
    Random(0).shuffle(samples)
    return samples


def _with_pillow(data: Any) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def _with_imagecodecs(data: Any) -> np.ndarray:
    import imagecodecs

    # of its two PNG decoders libspng was the faster for CIFAR, by 6%
    decode = imagecodecs.spng_decode if bytes(data[:4]) == b"\x89PNG" else imagecodecs.jpeg_decode
    pixels: np.ndarray = decode(data)
    return pixels


def _with_opencv(data: Any) -> np.ndarray:
    import cv2

    pixels: np.ndarray = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return pixels


def _with_simplejpeg(data: Any) -> np.ndarray:
    import simplejpeg

    pixels: np.ndarray = simplejpeg.decode_jpeg(data)
    return pixels


DECODERS: dict[str, Decoder] = {
    "pillow": _with_pillow,
    "imagecodecs": _with_imagecodecs,
    "opencv": _with_opencv,
    "simplejpeg": _with_simplejpeg,
}
"""From encoded bytes to uint8 (H, W, 3)."""

JPEG = "simplejpeg" if find_spec("simplejpeg") is not None else "pillow"


def to_pixels(data: Any, work: Work) -> np.ndarray:
    """uint8 (H, W, 3), by what decodes it fastest: libjpeg-turbo for JPEG (Pillow without simplejpeg), imagecodecs for
    PNG."""
    if not work.raw:
        return DECODERS["imagecodecs" if work.png else JPEG](data)
    side = work.raw_size or 32
    return np.frombuffer(data, np.uint8).reshape(side, side, 3)


def to_sample(data: Any, label: Any, work: Work) -> Sample:
    """A sample as a DataLoader stacks it: float32, normalised, (3, H, W)."""
    return sample_of(to_pixels(bytes(data), work), label, work)


def sample_of(pixels: np.ndarray, label: Any, work: Work) -> Sample:
    """The same of pixels, uint8 (H, W, 3)."""
    if work.train224:
        pixels = np.asarray(random_crop(Image.fromarray(pixels)))
    return normalised(pixels), int(label)


def normalised(pixels: np.ndarray) -> torch.Tensor:
    planes = torch.from_numpy(pixels.copy()).permute(2, 0, 1).contiguous()
    return planes.to(torch.float32).div(255).sub(MEAN_TENSOR).div(STD_TENSOR)


def random_crop(image: Image.Image) -> Image.Image:
    """torchvision's RandomResizedCrop to SIDE x SIDE, and its flip."""
    for _ in range(10):
        area = image.width * image.height * uniform(0.08, 1)
        ratio = exp(uniform(log(3 / 4), log(4 / 3)))
        width, height = round(sqrt(area * ratio)), round(sqrt(area / ratio))
        if 0 < width <= image.width and 0 < height <= image.height:
            left, top = randint(0, image.width - width), randint(0, image.height - height)
            image = image.crop((left, top, left + width, top + height))
            break
    image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random() < 0.5 else image


class Indexed(torch.utils.data.Dataset[Sample]):
    """Samples by index from a source that is opened anew in each worker; decoded by what is fastest, or as given."""

    def __init__(self, opened: Callable[[], Source], length: int, work: Work, decode: Decoder | None = None) -> None:
        self._opened, self._length, self._work, self._decode = opened, length, work, decode
        self._source: Source | None = None

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Sample:
        if self._source is None:
            self._source = self._opened()
        data, label = self._source[index]
        if self._decode is None:
            return to_sample(data, label, self._work)
        return sample_of(self._decode(data), label, self._work)


def data_loader(dataset: Any, work: Work, workers: int, **options: Any) -> Callable[[], Iterator[Any]]:
    """torch's DataLoader whose workers stay from epoch to epoch."""
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=work.batch_size, num_workers=workers, persistent_workers=workers > 0, **options
    )
    return lambda: iter(loader)
