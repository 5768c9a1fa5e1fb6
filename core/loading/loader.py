"""`make_loader`: batches of a store, ready for training.

for images, labels in make_loader(store, batch_size=256): ...
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, Self

import torch.distributed

from ..base.errors import InputError
from .batch_sampler import BatchSampler
from .engine import Engine
from .fields import BatchFields
from .gc_pause import collector_paused
from .integrity import checked_labels, checks_of
from .jpeg_index import entry_points_of
from .loaders import DEFAULT_LOADER, LOADERS
from .loaders.registration import EngineInputs
from .normalise import IMAGENET_MEAN, IMAGENET_STD, Normalise
from .pipeline import Stored, sample_size, staged
from .transfer import Transfer, transfer_to
from .transform import check_transform
from .workers import Workers

NOTE = "note"

Mean = tuple[float, float, float]


@collector_paused  # modules are imported on the way
def make_loader(
    store: Stored,
    *,
    batch_size: int = 256,
    shuffle: bool | str = True,
    seed: int = 0,
    workers: int | str = "auto",
    device: str = "cpu",
    output: str = "float32",
    transform: str | None = None,
    drop_last: bool = False,
    loader: str = DEFAULT_LOADER,
    mean: Mean = IMAGENET_MEAN,
    std: Mean = IMAGENET_STD,
    channels_last: bool = False,
    prefetch: int | None = None,
    decode: str = "host",
    verify: str = "sampled",
    jpeg_index: bool | str = True,
    rank: int | None = None,
    world_size: int | None = None,
    fields: Sequence[str] | None = None,
) -> Loader:
    """Batches `(images, labels)` of a store: (B, 3, H, W) as `output` says, and int64 (B,), on `device`; with `fields`
    dicts of "image", "label" and these.

    Args:
        shuffle: True, False (the store's order) or "blocks" (within windows: see `core.loading.block_shuffle`).
        seed: decides the order and the random transforms, together with the epoch.
        workers: "auto" (measured once and kept, see `core.loading.kept_workers`), "measure" (again), a number (0: in
            the consumer's thread), "threads:N" or "processes:N".
        device: "cpu", "cuda", "cuda:N" or "mps".
        output: "float32", (pixel / 255 - mean) / std; "float16" or "bfloat16", the same rounded to the nearest, for
            training in mixed precision; or "uint8", the pixels.
        transform: "none", "train224" or "eval224" (see `core.loading.transform`).
        drop_last: leave out the last batch where it is not full.
        loader: one of `core.loading.loaders.LOADERS`: "fast", or for comparison "torch" or "naive".
        channels_last: the images' memory in the order B, H, W, 3; their shape stays (B, 3, H, W).
        prefetch: batches made ahead at most; two per worker if None.
        decode: "host" (libjpeg's pixels), "device" (the fast loader's JPEGs are decoded by nvJPEG through torchvision:
            pixels differ, see docs/loading.md) or "auto" (the device where it can).
        verify: "sampled" (payloads are compared with their checksums as far as that takes a hundredth of the time),
            "always" (each one whenever it is read) or "never" (see `core.loading.integrity`).
        jpeg_index: where the store was built with an index of its JPEGs' entry points, use it for transforms that crop
            (the fast loader); the pixels are the same. "note": where it was built without, note entry points in memory
            when an image is first met, which pays from about the fifth epoch on (see `core.loading.noted_points`).
        rank, world_size: this process's share; torch.distributed's if it is initialised, else everything.
        fields: names of further values of the samples (`store.fields`); what each becomes says `core.loading.fields`.

    Raises:
        InputError: an unknown value or field, a device that is not there, images that do not stack into a batch.
        WorkError: labels that are not those that were built, samples that are not as many, a JPEG index that is
            missing or damaged; later, from the iteration, a sample that cannot be read or decoded or is not what was
            built.
    """
    _check(store, loader, decode, prefetch)
    normalise = Normalise(output, mean, std)
    transfer = transfer_to(device, normalise)
    sampler = BatchSampler(len(store), batch_size, shuffle, seed, drop_last, *_ranks(rank, world_size))
    checks, labels = checks_of(store, verify), checked_labels(store, verify)
    host = Normalise(transfer.host_output, mean, std)
    shown = check_transform(transform)
    entry_points = entry_points_of(store, shown, _notes(jpeg_index)) if jpeg_index else None
    stages = staged(store, shown, seed, host, checks, entry_points)
    inputs = EngineInputs(
        store=store, sampler=sampler, stages=stages, labels=labels, size=sample_size(store, stages),
        normalise=normalise, transfer=transfer, device=device, decode=decode, workers=workers, prefetch=prefetch,
        channels_last=channels_last,
    )  # fmt: skip
    beside = None if fields is None else BatchFields(store, fields, device, verify)
    return Loader(sampler, *LOADERS.make(loader).engine(inputs), beside)


def _notes(jpeg_index: bool | str) -> bool:
    """Whether entry points are noted on the way. Raises InputError for another word than "note"."""
    if isinstance(jpeg_index, str) and jpeg_index != NOTE:
        raise InputError(f"jpeg_index={jpeg_index!r}: give True, False or {NOTE!r}")
    return jpeg_index == NOTE


def _check(store: Stored, loader: str, decode: str, prefetch: int | None) -> None:
    """Raises InputError for an unknown loader, an empty store, and what the loader does not know."""
    if not LOADERS[loader].decodes_on_device and decode != "host":
        able = ", ".join(name for name, entry in LOADERS.items() if entry.decodes_on_device)
        raise InputError(f"decode={decode!r} is for the {able} loader; the {loader} loader decodes on the host")
    if len(store) == 0:
        raise InputError(f"{store.path} holds no samples in split {store.split!r}")
    if prefetch is not None and prefetch < 1:
        raise InputError(f"prefetch={prefetch}: at least one batch has to be made ahead")


class Loader:
    """An iterable of batches, `transfer.Batch` or dicts with fields. Each iteration is the next epoch, in an order of
    its own.

    A batch stays valid for as long as it, or anything made of it without a copy, is held; its memory is used again
    once nobody does. Leaving an epoch half-way (break, an exception, Ctrl-C) stops its work. `close()`, or the end
    of a `with`, ends worker processes where there are any; so does the loader's own end.
    """

    def __init__(
        self, sampler: BatchSampler, engine: Engine, transfer: Transfer, fields: BatchFields | None = None
    ) -> None:
        self.sampler = sampler
        self._fields = fields
        self._engine = engine
        self._transfer = transfer
        self._epoch = 0

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self.sampler)

    def __iter__(self) -> Generator[Any, None, None]:
        epoch = self._epoch
        self._epoch += 1
        return self._batches(epoch)

    def _batches(self, epoch: int) -> Generator[Any, None, None]:
        with closing(self._engine.batches(self.sampler.specs(epoch))) as host:
            batches = self._transfer(host)
            yield from self._fields.joined(self.sampler.specs(epoch), batches) if self._fields else batches

    def set_epoch(self, epoch: int) -> None:
        """The next iteration is this epoch (they count from 0 by themselves)."""
        if epoch < 0:
            raise InputError(f"epoch {epoch}: epochs count from 0")
        self._epoch = epoch

    @property
    def order_text(self) -> str:
        """The order of its epochs in words, of a block shuffle with its window."""
        return self.sampler.order_text

    @property
    def workers(self) -> Workers:
        """Who makes the batches, and why."""
        return self._engine.workers

    @property
    def stages(self) -> dict[str, float]:
        """Seconds that the workers have spent so far, by stage, summed over workers (the fast loader only)."""
        return dict(self._engine.stages)

    def close(self) -> None:
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ranks(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """(rank, world_size) as given, else as torch.distributed says, else the only one."""
    if rank is not None or world_size is not None:
        if rank is None or world_size is None:
            raise InputError("rank and world_size go together: give both, or neither")
        return rank, world_size
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
