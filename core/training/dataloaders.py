"""The batches of one store for training and for validating, both through the same loader."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..base.errors import InputError
from ..loading.batch_sampler import Indices, shuffle_quality
from ..loading.check import check_loader
from ..loading.loader import Loader, make_loader
from ..loading.normalise import Normalise
from ..stores.store import Manifest, Store, open_store
from .orders import MembersSampler, choose_members, hold_out, sampler_of
from .settings import Settings

TRAIN, VAL = "train", "val"
VAL_BATCH = 256


@dataclass(frozen=True)
class DataLoaders:
    """Open loaders of one store. `held_out`: it has no validation split, so a tenth of its training samples serves.

    `quality` is the shuffle quality of the first epoch (1.0: like a full shuffle, 0.0: sorted by class),
    `classes_per_batch` how many classes a batch of it has on average.
    """

    store: Store
    training: Loader
    validation: Loader
    held_out: bool
    quality: float
    classes_per_batch: float

    @property
    def samples(self) -> tuple[int, int]:
        """(training, validation) an epoch."""
        return self.training.sampler.share, self.validation.sampler.share


def open_dataloaders(stack: ExitStack, path: Path, order: str, settings: Settings) -> DataLoaders:
    """A store's loaders, the first batches compared with the store; `stack` closes everything.

    Raises InputError for settings that do not go, WorkError for a loader that does not give what it should.
    """
    store = _open(stack, path, TRAIN)
    held_out = not store.manifest.splits.get(VAL, {}).get("samples")
    members, aside = hold_out(len(store), settings.seed) if held_out else (_all(store), _all(store)[:0])
    sampler, training = _training(stack, store, members, order, settings)
    check_loader(store, training, settings.transform, settings.seed, Normalise("uint8"))
    same = replace(settings, workers=training.workers.asked_as)
    validation = _validation(stack, store if held_out else _open(stack, path, VAL), aside, same)
    batches = [spec.indices for spec in sampler.specs(0)]
    classes = float(np.mean([len(np.unique(store.labels[indices])) for indices in batches]))
    return DataLoaders(store, training, validation, held_out, shuffle_quality(store.labels, batches), classes)


def open_training(stack: ExitStack, path: Path, settings: Settings) -> Loader:
    """A store's shuffled training batches alone."""
    store = _open(stack, path, TRAIN)
    return _training(stack, store, _all(store), "shuffled", settings)[1]


def _all(store: Store) -> Indices:
    return np.arange(len(store), dtype=np.int64)


def _training(
    stack: ExitStack, store: Store, members: Indices, order: str, settings: Settings
) -> tuple[MembersSampler, Loader]:
    members = members[choose_members(len(members), settings.limit, settings.seed)]
    if not len(members):
        raise InputError(f"{store.path} holds too few training samples: 2 at least, if some are to validate")
    sampler = sampler_of(members, store.labels, order, settings.batch_size, settings.seed)
    return sampler, _loader(stack, store, sampler, settings, settings.transform)


def _open(stack: ExitStack, path: Path, split: str) -> Store:
    if split not in Manifest.load(path).splits:
        raise InputError(f"{path} has no split {split!r} to train from")
    store = open_store(path, split)
    stack.callback(store.close)
    return store


def _loader(stack: ExitStack, store: Store, sampler: MembersSampler, settings: Settings, transform: str) -> Loader:
    """A loader of pixels that follows `sampler` instead of its own."""
    loader = make_loader(
        store,
        batch_size=sampler.batch_size,
        seed=settings.seed,
        workers=settings.workers,
        device=settings.device,
        output="uint8",
        transform=transform,
        loader=settings.loader,
        channels_last=True,
    )
    loader.sampler = sampler
    return stack.enter_context(loader)


def _validation(stack: ExitStack, store: Store, aside: Indices, settings: Settings) -> Loader:
    """In the store's order, `aside` or all samples, at most `val_limit` of them; random transforms become eval224."""
    members = aside if len(aside) else _all(store)
    members = members[choose_members(len(members), settings.val_limit, settings.seed)]
    sampler = MembersSampler(len(members), VAL_BATCH, shuffle=False, members=members)
    return _loader(stack, store, sampler, settings, "none" if settings.transform == "none" else "eval224")
