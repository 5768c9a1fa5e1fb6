"""What rivals on torch's DataLoader share: samples and batches of tensors, and the DataLoader with its usual settings.

There are two ways to a batch. `to_sample` is the tutorials': every sample becomes a normalised tensor, torch stacks
them. `collate_pixels` is what a careful user writes: samples stay uint8 until they are stacked, and the batch is
normalised at once, in the worker; for small images that takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from .decoding import Decoder, Pixels
from .samples import Samples
from .views import stored_view
from .work import MEAN, STD, RivalWork

MEAN_TENSOR = torch.tensor(MEAN, dtype=torch.float32)[:, None, None]
STD_TENSOR = torch.tensor(STD, dtype=torch.float32)[:, None, None]
SCALE_TENSOR = torch.tensor(1 / (255 * STD), dtype=torch.float32)[:, None, None]
SHIFT_TENSOR = torch.tensor(-MEAN / STD, dtype=torch.float32)[:, None, None]

TensorSample = tuple[torch.Tensor, int]
PixelSample = tuple[Pixels, int]
Batch = tuple[torch.Tensor, torch.Tensor]


def normalised(pixels: Pixels) -> torch.Tensor:
    """uint8 (H, W, 3) as torchvision's ToTensor and Normalize have it: float32 (3, H, W)."""
    planes = torch.from_numpy(np.array(pixels)).permute(2, 0, 1).contiguous()
    return planes.to(torch.float32).div(255).sub_(MEAN_TENSOR).div_(STD_TENSOR)


def to_sample(data: Any, ticket: Any, samples: Samples, work: RivalWork, decode: Decoder | None = None) -> TensorSample:
    """A stored sample as a DataLoader stacks it: decoded (by what is fastest here, unless `decode` is given), viewed
    and normalised, float32 (3, H, W), and its ticket."""
    return normalised(stored_view(samples.encoding, samples.shape, work.transform, decode)(data)), int(ticket)


def normalised_batch(images: torch.Tensor) -> torch.Tensor:
    """uint8 (B, H, W, 3) as float32 (B, 3, H, W), normalised."""
    planes = images.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
    return planes.mul_(SCALE_TENSOR).add_(SHIFT_TENSOR)


def collate_pixels(pairs: Sequence[PixelSample]) -> Batch:
    """Pairs of uint8 (H, W, 3), all of one shape, and a ticket as a batch: float32 (B, 3, H, W), int64 (B,)."""
    images = torch.from_numpy(np.stack([pixels for pixels, _ in pairs]))
    return normalised_batch(images), torch.tensor([ticket for _, ticket in pairs])


class SampleSource(Protocol):
    """What IndexedSamples reads. One that reads many samples at once has `many(indices)` as well, which gives their
    pairs in this order."""

    def __getitem__(self, index: int, /) -> tuple[Any, Any]:
        """(stored bytes, ticket)."""


class IndexedSamples(Dataset[PixelSample]):
    """Samples by index, for `collate_pixels`, from a source that each worker opens for itself.

    `opened` travels to workers that are not forked, so that it is a class or a `functools.partial` of one.
    """

    def __init__(
        self, opened: Callable[[], SampleSource], samples: Samples, work: RivalWork, decode: Decoder | None = None
    ) -> None:
        self._opened, self._length = opened, len(samples)
        self._view = stored_view(samples.encoding, samples.shape, work.transform, decode)
        self._source: SampleSource | None = None

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> PixelSample:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: list[int]) -> list[PixelSample]:
        """What a DataLoader asks for: a whole batch."""
        if self._source is None:
            self._source = self._opened()
        return [(self._view(data), int(ticket)) for data, ticket in self._read(indices)]

    def _read(self, indices: list[int]) -> Iterable[tuple[Any, Any]]:
        assert self._source is not None
        many = getattr(self._source, "many", None)
        return many(indices) if many is not None else (self._source[index] for index in indices)


def data_loader(dataset: Any, work: RivalWork, **options: Any) -> Callable[[], Iterator[Any]]:
    """torch's DataLoader with these options, whose workers stay from epoch to epoch; what starts an epoch of it.

    Its prefetching stays at its default, two batches a worker."""
    generator = torch.Generator().manual_seed(work.seed)
    loader: DataLoader[Any] = DataLoader(
        dataset,
        batch_size=work.batch_size,
        num_workers=work.workers,
        persistent_workers=work.workers > 0,
        generator=generator,
        **options,
    )
    return lambda: iter(loader)


def indexed_loader(dataset: IndexedSamples, work: RivalWork, **options: Any) -> Callable[[], Iterator[Batch]]:
    """The same over IndexedSamples, fully shuffled, each batch normalised at once."""
    return data_loader(dataset, work, shuffle=True, collate_fn=collate_pixels, **options)
