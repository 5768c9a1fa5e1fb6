"""The check of a store at an address, shard by shard: one that cannot be had is told once, not for each sample."""

from __future__ import annotations

from collections.abc import Iterator

from ..base.errors import WorkError
from ..datasets.dataset import Dataset
from ..stores.remote.store import RemoteStore
from .check import CheckProgress, Mismatch, check_split


def check_remote_split(store: RemoteStore, source: Dataset | None, note_again: bool) -> Iterator[CheckProgress]:
    """As `check_split`. Each shard is fetched, checked, and let go of."""
    for shard in store.shards:
        samples = range(shard.first, shard.first + shard.samples)
        if not samples:
            continue
        try:
            with store.held([shard.first]):
                yield from check_split(store, source, note_again, samples)
        except WorkError as error:
            yield CheckProgress(samples.stop, [Mismatch(store.split, shard.first, str(error))])
