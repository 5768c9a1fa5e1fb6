"""A store at an address, with the face of a store on this disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...base import checksums
from ...base.contracts import Buffer, Referring
from ...base.errors import InputError, WorkError
from ...base.files import MOST_BYTES
from ...base.home import Home
from ...formats import FORMATS
from ...remote.address import check_address, shown
from ...remote.cache import DiskCache
from ...remote.errors import RemoteMissing
from ...remote.files import RemoteFiles
from ..manifest import MANIFEST, Manifest
from ..sample_checksums import payload_checksums
from ..shards import StoreShard
from ..store import Store
from .reader import RemoteReader
from .source import RemoteSplit, StoreTraffic

if TYPE_CHECKING:
    from ...loading.loader import Loader

MB = 1_000_000
AT_ONCE = 3
"""Shards that are brought at once."""

CACHE_MB = 10_000
"""Of the cache of this machine, where nothing is said."""


class RemoteStore(Store):
    """One split of a store at an address; see `Store`, whose every method it has.

    `path` is a folder of this process's own, which holds what lies beside the shards. A shard is fetched when a sample
    of it is needed; `store[i]` fetches the payload alone where the format's index tells its place (webdataset, tfrecord
    and parquet, uncompressed). What cannot be had is told by WorkError, naming the shard and the sample.
    """

    def __init__(self, of: RemoteSplit) -> None:
        """Fetches what lies beside the shards. Raises RemoteError, InputError and WorkError as `ShardSource` does."""
        self._of = of
        self.reader = self._reader = RemoteReader(of)
        super().__init__(self._reader.arrived.source.beside, of.split, of.manifest)

    def __repr__(self) -> str:
        return f"<RemoteStore {self.address} {self.split}: {len(self):,} samples in {len(self.shards):,} shards>"

    @property
    def address(self) -> str:
        """As it may be shown."""
        return shown(self._of.files.address)

    @cached_property
    def shards(self) -> tuple[StoreShard, ...]:
        return self._reader.shards

    @property
    def traffic(self) -> StoreTraffic:
        """What was asked of the storage since the store was opened, in this process."""
        return self._reader.traffic

    @property
    def cache_bytes(self) -> int:
        """The limit of the cache on this machine."""
        return self._of.cache.limit_bytes

    @property
    def fits_cache(self) -> bool:
        """Whether all shards of the split can be in the cache at a time."""
        return sum(shard.bytes for shard in self.shards) <= self.cache_bytes

    def held(self, indices: Sequence[int]) -> AbstractContextManager[None]:
        """The shards of these samples are here, and stay, as long as the context is entered. Raises WorkError for one
        that cannot be had."""
        return self._reader.arrived.held(indices)

    def fill_cache(self) -> bool:
        """Bring all shards to the cache, several at once; False where it does not hold them all, and none is brought.

        Raises WorkError for one that cannot be had.
        """
        if not self.fits_cache:
            return False
        arrived = self._reader.arrived

        def bring(shard: StoreShard) -> None:
            arrived.hold(shard.number, shard.first)
            arrived.release(shard.number)

        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(bring, (shard for shard in self.shards if shard.samples)))
        return True

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        """As `Store.read`; each payload is compared with its checksum. Raises WorkError for one that differs."""
        payloads = super().read(indices)
        stated = payload_checksums(self.path, self.split)
        for index, payload in zip(indices, payloads, strict=True):
            if checksums.of_bytes(payload) != stated[index]:
                raise WorkError(f"sample {index} of {self.address} is not what was built: its checksum differs")
        return payloads

    def loader(self, **settings: Any) -> Loader:
        """See `Store.loader`. Where the cache does not hold all shards, `shuffle` is "shards" unless it is given."""
        if not self.fits_cache:
            settings.setdefault("shuffle", "shards")
        return super().loader(**settings)

    def close(self) -> None:
        """Let go of the shards that are here; they are brought again when they are needed."""
        self._reader.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteStore, (self._of,)


def is_remote_store(address: str) -> bool:
    """Whether a store's manifest is there. Raises RemoteError where the storage does not answer."""
    try:
        RemoteFiles(check_address(address)).stat(MANIFEST)
    except RemoteMissing:
        return False
    return True


def open_remote_store(
    address: str,
    split: str = "train",
    cache: str | os.PathLike[str] | None = None,
    cache_mb: int | None = None,
    home: str | os.PathLike[str] | None = None,
) -> RemoteStore:
    """The store at an address. `cache`: the folder that keeps what was fetched, `data/cache` in the home if None;
    `cache_mb`: MB (10^6 bytes) of it at most, 10,000 if None.

    Raises InputError where there is no store, or no such split in it; RemoteError where the storage does not answer.
    """
    files = RemoteFiles(check_address(address))
    folder = Path(cache) if cache is not None else Home.find(home).root / "data" / "cache"
    limit = CACHE_MB if cache_mb is None else cache_mb
    if limit < 1:
        raise InputError(f"cache_mb={limit}: give at least 1")
    manifest = read_manifest(files)
    if split not in manifest.splits:
        raise InputError(f"{files.name()} has no split {split!r}; it has: {', '.join(manifest.splits)}")
    form = FORMATS.make(manifest.format, manifest.format_options)
    if isinstance(form, Referring) and not form.keeps_payloads:
        raise InputError(
            f"{files.name()} names images that lie elsewhere, which are not there to be read at an address: build it "
            "with the images in it"
        )
    return RemoteStore(RemoteSplit(files, DiskCache(folder.absolute(), limit * MB), manifest, split))


def read_manifest(files: RemoteFiles) -> Manifest:
    """What the store at an address says of itself. Raises InputError where there is none, or a damaged one."""
    try:
        size = files.stat(MANIFEST).size
    except RemoteMissing:
        raise InputError(f"{files.name()} is not a built store: it has no {MANIFEST}") from None
    if size > MOST_BYTES:
        raise InputError(f"{files.name(MANIFEST)} is larger than {MOST_BYTES / 1e6:g} MB: it is none of ours")
    return Manifest.parse(files.read(MANIFEST, 0, size), files.name(MANIFEST))
