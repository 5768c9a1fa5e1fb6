"""A store in memory, for the loading engine alone: everything `core.loading.pipeline.Stored` asks for."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.base.contracts import Buffer, Compression, Encoding, Labels, Pixels, Shape
from core.compressions import COMPRESSIONS
from core.encodings import ENCODINGS
from core.images.pixels import OriginalImage


@dataclass
class MemoryReader:
    """Payloads in a list."""

    payloads: list[bytes]
    labels: Labels
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dictionary: bytes | None = None

    def __len__(self) -> int:
        return len(self.payloads)

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        return [self.payloads[index] for index in indices]

    def key(self, index: int) -> str:
        return str(index)

    def stored_bytes(self, index: int) -> int:
        return len(self.payloads[index])

    def close(self) -> None: ...


@dataclass
class MemoryStore:
    """One split."""

    reader: MemoryReader
    encoding: Encoding
    compression: Compression
    path: Path = Path("memory")
    split: str = "train"

    def __len__(self) -> int:
        return len(self.reader)

    @property
    def labels(self) -> Labels:
        return self.reader.labels

    @property
    def payload_shape(self) -> Shape | None:
        return self.encoding.payload_shape

    def pixels(self, index: int) -> Pixels:
        """What the sample's pixels have to be: the slow and obvious way."""
        return self.encoding.decode(self.compression.decompress(self.reader.payloads[index]))


def picture(height: int, width: int, seed: int) -> Pixels:
    """A smooth picture with some noise, so that resizing and JPEG have something to keep."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.int16)
    return np.clip(smooth + random.integers(-12, 13, smooth.shape), 0, 255).astype(np.uint8)


def memory_store(
    sizes: Sequence[tuple[int, int]], encoding: str = "raw", compression: str = "none", **options: Any
) -> MemoryStore:
    """A store of pictures of these heights and widths; sample i has the label i % 10."""
    images = [picture(*size, seed) for seed, size in enumerate(sizes)]
    bound = ENCODINGS.make(encoding, options).bind([(height, width, 3) for height, width in sizes])
    payloads = [bound.encode(_file(image)) for image in images]
    trained = COMPRESSIONS.make(compression).train(payloads)
    stored = [trained.compress(payload) for payload in payloads]
    labels = np.arange(len(sizes), dtype=np.int64) % 10
    return MemoryStore(MemoryReader(stored, labels), bound, trained)


def _file(image: Pixels) -> OriginalImage:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return OriginalImage(file.getvalue())
