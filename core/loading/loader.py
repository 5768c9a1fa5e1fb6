"""`make_loader`: batches of a store, ready for training.

for images, labels in make_loader(store, batch_size=256): ...
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from types import TracebackType
from typing import Any, Self

from ..base.distant import Distant
from ..base.errors import InputError
from ..base.gc_pause import collector_paused
from .batch_sampler import BatchSampler
from .coming import Deliveries
from .engine import Engine
from .fields import BatchFields
from .integrity import checked_labels, checks_of
from .jpeg_index import entry_points_of
from .loader_state import EpochPosition, belongs_to, told, understood
from .loaders import DEFAULT_LOADER, LOADERS
from .loaders.registration import EngineInputs
from .normalise import IMAGENET_MEAN, IMAGENET_STD, Normalise
from .pipeline import Stored, sample_size, staged
from .ranks import Ranks
from .sharded import shards_of
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
    last: str | None = None,
    window: int | None = None,
    groups: int = 1,
    missing: str = "raise",
) -> Loader:
    """Batches `(images, labels)` of a store: (B, 3, H, W) as `output` says, and int64 (B,), on `device`; with `fields`
    dicts of "image", "label" and these.

    Args:
        shuffle: True, False (the store's order), "blocks" (within windows: see `core.loading.block_shuffle`) or
            "shards" (shard by shard within a moving window: see `core.loading.shard_shuffle`).
        seed: decides the order and the random transforms, together with the epoch.
        workers: "auto" (measured once and kept, see `core.loading.kept_workers`), "measure" (again), a number (0: in
            the consumer's thread), "threads:N" or "processes:N".
        device: "cpu", "cuda", "cuda:N" or "mps".
        output: "float32", (pixel / 255 - mean) / std; "float16" or "bfloat16", the same rounded to the nearest, for
            training in mixed precision; or "uint8", the pixels.
        transform: "none", "train224" or "eval224" (see `core.loading.transform`).
        drop_last: leave out the last batch where it is not full: `last="drop"`.
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
            `batch_size` is that of each rank.
        fields: names of further values of the samples (`store.fields`); what each becomes says `core.loading.fields`.
        last: what becomes of samples that do not fill equal batches on all ranks: "pad" (the default), "drop" or
            "uneven" (see `core.loading.batch_sampler`); `Loader.order_text` says what did.
        window: of `shuffle="shards"`, samples that are mixed at a time at most; 4 GiB of the store if None, or half of
            the cache of a store at an address where that is less.
        groups: of `shuffle="shards"`, of ranks that fetch shards of their own, each with a window: as many as machines.
        missing: what becomes of shards of a store at an address that cannot be had: "raise", or "skip" (see
            `core.loading.coming_shards`; `Loader.skipped` counts their samples).

    Raises:
        InputError: an unknown value or field, a device that is not there, images that do not stack into a batch.
        WorkError: labels that are not those that were built, samples that are not as many, a JPEG index that is
            missing or damaged; later, from the iteration, a sample that cannot be read or decoded or is not what was
            built.
    """
    _check(store, loader, decode, prefetch)
    normalise = Normalise(output, mean, std)
    transfer = transfer_to(device, normalise)
    ranks = Ranks.of(rank, world_size)
    starts, usual = shards_of(store) if shuffle == "shards" else (None, None)
    sampler = BatchSampler(
        len(store), batch_size, shuffle, seed, drop_last, ranks.rank, ranks.world_size, last, starts,
        usual if window is None else window, groups,
    )  # fmt: skip
    deliveries = Deliveries(store, missing)
    if isinstance(store.reader, Distant):
        store.reader.begin_with(partial(_first_of, sampler), skips=missing == "skip")
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
    return Loader(sampler, *LOADERS.make(loader).engine(inputs), beside, ranks, belongs_to(store), deliveries)


def _first_of(sampler: BatchSampler) -> int:
    """The sample that the first epoch begins with."""
    return int(sampler.order(0)[0])


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
    its own, from the moment on at which its first batch is asked for.

    A batch stays valid for as long as it, or anything made of it without a copy, is held; its memory is used again
    once nobody does. Leaving an epoch half-way (break, an exception, Ctrl-C) stops its work. `close()`, or the end
    of a `with`, ends worker processes where there are any; so does the loader's own end.
    """

    def __init__(
        self,
        sampler: BatchSampler,
        engine: Engine,
        transfer: Transfer,
        fields: BatchFields | None = None,
        ranks: Ranks | None = None,
        belongs: Mapping[str, str] | None = None,
        deliveries: Deliveries | None = None,
    ) -> None:
        """`ranks`: whose share it is, if that was found out; `belongs`: what of, for its state; `deliveries`: how its
        samples come to it, if not at once."""
        self.sampler = sampler
        self._fields = fields
        self._engine = engine
        self._transfer = transfer
        self._ranks = ranks
        self._belongs = belongs or {}
        self._deliveries = deliveries or Deliveries(None)
        self._next = self._at = EpochPosition(0)
        self._named = False

    def __len__(self) -> int:
        """Batches of a whole epoch."""
        return len(self.sampler)

    def __iter__(self) -> Generator[Any, None, None]:
        if self._ranks is not None:
            self._ranks.check()
        return self._batches()

    def _batches(self) -> Generator[Any, None, None]:
        epoch, position = self._begin()
        step, samples = self.sampler.global_batch, self.sampler.samples
        with ExitStack() as stack:
            coming = stack.enter_context(self._deliveries.epoch(self.sampler, epoch, position))
            host = stack.enter_context(closing(self._engine.batches(coming.specs())))
            batches: Iterator[Any] = self._transfer(host)
            if self._fields:
                batches = stack.enter_context(closing(self._fields.joined(coming.specs(), batches)))
            for batch in batches:
                coming.handed_out()
                position = min(position + step, samples)
                self._at = EpochPosition(epoch, position)
                yield batch
                del batch  # the consumer's: held any longer, its memory could not be used again
        self._at = EpochPosition(epoch + 1)

    def _begin(self) -> EpochPosition:
        """Where the iteration begins of which the first batch is asked for now: Lightning makes iterators that it never
        asks for one."""
        begun = self._next
        if begun.position and not self._named and self.sampler.is_over(begun.position):
            begun = EpochPosition(begun.epoch + 1)
        self._at, self._next, self._named = begun, EpochPosition(begun.epoch + 1), False
        return begun

    def set_epoch(self, epoch: int) -> None:
        """The next iteration is this epoch (they count from 0 by themselves), from its beginning; where a state was
        loaded that was taken in this epoch, from where that was."""
        if epoch < 0:
            raise InputError(f"epoch {epoch}: epochs count from 0")
        if epoch != self._next.epoch:
            self._next = EpochPosition(epoch)
        self._at, self._named = self._next, True

    def state_dict(self) -> dict[str, Any]:
        """Where the latest iteration stands: after the batch that was handed out last, whatever is made ahead. Text and
        integers alone, the same on every rank."""
        return told(self._at, self.sampler, self._belongs)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """The next iteration goes on where this state was taken, with the rest of that epoch in its global order, also
        on another number of ranks and with another batch size. Of an epoch that was handed out wholly there is no rest:
        then it is the next one, unless `set_epoch` asks for this one.

        Raises InputError for a state of other samples, another seed or another order.
        """
        self._next = self._at = understood(state, self.sampler, self._belongs)
        self._named = False

    @property
    def order_text(self) -> str:
        """The order of its epochs in words, with its window where it has one, and what becomes of samples that do not
        fill equal batches."""
        return self.sampler.order_text

    @property
    def padded(self) -> int:
        """Samples that all ranks together are handed a second time in an epoch."""
        return self.sampler.padded

    @property
    def dropped(self) -> int:
        """Samples that no rank is handed in an epoch."""
        return self.sampler.dropped

    @property
    def skipped(self) -> int:
        """Samples of the latest epoch that could not be had and were left out, others of their batches in their places
        (`missing="skip"`)."""
        return self._deliveries.skipped

    @property
    def traffic(self) -> Mapping[str, int]:
        """Of a store at an address what the latest epoch asked for: `requests`, `bytes` that came, `cached` bytes that
        lay in the cache of this machine, `retries`; {} of others."""
        return self._deliveries.traffic

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
