"""Where the files of a split come from: the cache of this machine, or the address by way of it.

Of a file whose checksum the manifest knows every byte is compared with it when it has been fetched, and it lies in the
cache under that checksum: what lay there already is taken as what it was then, as the files of a store on this disk
are (a loader compares payloads, `loading.integrity`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from ...base.checksums import of_file
from ...base.contracts import Buffer, Format, Labels
from ...base.errors import InputError, WorkError, disk_trouble_told
from ...formats import FORMATS, keeps_files
from ...formats.folder import BESIDE_SHARDS, read_dictionary
from ...formats.folder_parts import FolderParts
from ...formats.sharded_folder import ShardedFolder
from ...remote.cache import DiskCache
from ...remote.errors import RemoteError
from ...remote.files import ObjectRange, RemoteFiles
from ...remote.transport import RemoteStat
from ..manifest import Manifest
from ..shards import StoreShard, labels_file, read_labels, shards_told, starts_of
from .workplace import put_link


@dataclass(frozen=True, slots=True)
class StoreTraffic:
    """What a store at an address asked for, in this process.

    requests, bytes: made to the storage, and received from it; retries: requests that were made again. cached: bytes
    of files that lay in the cache of this machine.
    """

    requests: int = 0
    bytes: int = 0
    cached: int = 0
    retries: int = 0

    def __sub__(self, other: StoreTraffic) -> StoreTraffic:
        return StoreTraffic(*(mine - its for mine, its in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class RemoteSplit:
    """A split of a store at an address, and where files of it are kept on this machine. Travels to other processes."""

    files: RemoteFiles
    cache: DiskCache
    manifest: Manifest
    split: str


@dataclass
class Brought:
    """A shard's container, and the files of the cache that it is made of. `kept`: the cache may not remove them."""

    container: Path
    cached: list[Path]
    kept: bool = True

    @property
    def removed(self) -> bool:
        """Whether the cache has removed one of them."""
        return not all(path.exists() for path in self.cached)


class ShardSource:
    """Brings what lies beside the shards to folder `beside`, when it is made, and the shards one by one.

    Usable from several threads. Everything raises RemoteError for what cannot be had, WorkError for what is not as it
    was built or where the disk refuses, InputError for what is damaged.
    """

    def __init__(self, of: RemoteSplit, beside: Path) -> None:
        self._of = of
        self._beside = beside
        self._served = 0
        self._lock = threading.Lock()
        for name in self._beside_names():
            of.cache.let_go(self._link(name, beside / name))

    @property
    def beside(self) -> Path:
        return self._beside

    @property
    def limit_bytes(self) -> int:
        return self._of.cache.limit_bytes

    @property
    def traffic(self) -> StoreTraffic:
        told = self._of.files.traffic
        return StoreTraffic(told.requests, told.bytes, self._served, told.retries)

    @cached_property
    def format(self) -> Format:
        return FORMATS.make(self._of.manifest.format, self._of.manifest.format_options)

    @cached_property
    def parts(self) -> FolderParts | None:
        """Of a format whose shards lie in one container, what that holds beside them."""
        form = self.format
        return FolderParts(self._beside / self._of.split, form.tables) if isinstance(form, ShardedFolder) else None

    @cached_property
    def shards(self) -> tuple[StoreShard, ...]:
        """In the order of their samples. Raises InputError where they are not the samples that the manifest counts."""
        manifest, split = self._of.manifest, self._of.split
        samples = int(manifest.splits[split]["samples"])
        if self.parts is not None:
            found = tuple(self._of_folder(self.parts))
        elif told := manifest.shards.get(split):
            found = shards_told(told)
        else:
            size = int(manifest.splits[split]["apparent_bytes"])
            found = (StoreShard(0, 0, samples, size, f"{split}{self.format.ending}", ""),)
        if sum(shard.samples for shard in found) != samples:
            raise InputError(
                f"{self._of.files.name()} is damaged: its shards have not the {samples:,} samples it counts"
            )
        return found

    @cached_property
    def starts(self) -> npt.NDArray[np.int64]:
        return starts_of(self.shards)

    def labels(self) -> Labels | None:
        """int64 (n,), where they lie beside the shards."""
        if self.parts is not None:
            return self.parts.labels
        if len(self.shards) == 1:
            return None
        return read_labels(labels_file(self._beside, self._of.split), int(self.starts[-1]))

    def dictionary(self) -> bytes | None:
        """That of the compression, where it lies beside the shards."""
        return read_dictionary(self._beside / self._of.split) if self.parts is not None else None

    def bring(self, number: int, folder: Path) -> Brought:
        """The container of one shard, in `folder`, which is made; its files in the cache are kept until `let_go`."""
        shard, parts = self.shards[number], self.parts
        brought = Brought(folder / (shard.path if parts is None else self._of.split), [])
        try:
            with disk_trouble_told("the cache"):
                targets = {shard.path: parts.write(number, brought.container)} if parts is not None else {}
            for name in self._files_of(shard):
                size = shard.bytes if name == shard.path else None
                brought.cached.append(self._link(name, targets.get(name, folder / name), size))
        except BaseException:
            self.let_go(brought)
            raise
        return brought

    def let_go(self, brought: Brought) -> None:
        """The cache may remove its files. Where they stand in a folder of ours they stay readable."""
        if brought.kept:
            brought.kept = False
            for path in brought.cached:
                self._of.cache.let_go(path)

    def keep(self, brought: Brought) -> None:
        """The cache may not remove its files, unless it has already."""
        held = list[Path]()
        try:
            if not brought.kept:
                for path in brought.cached:
                    self._of.cache.hold(path)
                    held.append(path)
                brought.kept = True
        except FileNotFoundError:
            for path in held:
                self._of.cache.let_go(path)

    @property
    def in_folder(self) -> bool:
        """Whether all shards lie in one container."""
        return isinstance(self.format, ShardedFolder)

    @property
    def in_ranges(self) -> bool:
        """Whether a payload can be had without its shard."""
        return isinstance(self.format, ShardedFolder) and self.format.bare

    def ranges(self, indices: Sequence[int]) -> list[Buffer] | None:
        """The payloads of these samples by requests for their bytes alone; None where their places are not known."""
        if self.parts is None or not self.in_ranges:
            return None
        try:
            places = self.parts.places(np.asarray(indices, np.int64))
        except ValueError as error:
            raise InputError(f"{self._of.files.name(self._of.split)} is damaged: {error}") from None
        wanted = [
            ObjectRange(self.shards[shard].path, offset, offset + length)
            for offset, length, _, shard in places.tolist()
        ]
        return list(self._of.files.read_many(wanted))

    def blamed(self, number: int, sample: int, error: BaseException) -> WorkError:
        """The sentence for a shard that cannot be had."""
        shard = self.shards[number]
        return WorkError(
            f"shard {shard.path} of {self._of.files.name()} cannot be read, for which sample {sample} was asked: "
            f"{' '.join(str(error).split()) or type(error).__name__}"
        )

    # ---- files

    def _beside_names(self) -> Iterator[str]:
        """The files of the split that are no shard's, by the manifest."""
        manifest, split = self._of.manifest, self._of.split
        shards = {one["path"] for one in manifest.shards.get(split, ())}
        shards.add(f"{split}{self.format.ending}")
        for name in manifest.files:
            top, _, rest = name.partition("/")
            if self.in_folder and top == split and rest in BESIDE_SHARDS:
                yield name
            if not rest and top.startswith(f"{split}.") and top not in shards:
                yield name

    def _of_folder(self, parts: FolderParts) -> Iterator[StoreShard]:
        firsts = accumulate((shard.samples for shard in parts.shards), initial=0)
        for number, (shard, first) in enumerate(zip(parts.shards, firsts, strict=False)):
            path = f"{self._of.split}/{shard.name}"
            checksum = self._of.manifest.files.get(path, "")
            yield StoreShard(number, first, shard.samples, shard.bytes, path, checksum)

    def _files_of(self, shard: StoreShard) -> Iterator[str]:
        """The names of a shard's files, the listing's where the manifest does not have them all."""
        names, inside = self._of.manifest.files, f"{shard.path}/"
        if shard.path in names:
            yield shard.path
        elif not keeps_files(self._of.manifest.format):
            yield from (name for name in names if name.startswith(inside))
        else:
            yield from (entry.path for entry in self._of.files.listing(shard.path))

    def _link(self, name: str, target: Path, size: int | None = None) -> Path:
        """Put a file of the store at `target`; the file of the cache, which is held. `size`: bytes, where known."""
        files, checksum = self._of.files, self._of.manifest.files.get(name, "")
        # Where the manifest tells what a file is, nothing needs to be asked of the storage.
        stat = RemoteStat(size) if size is not None and checksum else files.stat(name)
        if size is not None and stat.size != size:
            raise WorkError(f"{files.name(name)} has {stat.size:,} bytes instead of {size:,}")
        fetched = _CheckedFiles(files, checksum)
        known = RemoteStat(stat.size, checksum or stat.version)
        cached = self._of.cache.get(cast("RemoteFiles", fetched), name, known, hold=True)
        try:
            with disk_trouble_told("the cache"):
                put_link(cached, target)
        except BaseException:
            self._of.cache.let_go(cached)
            raise
        if not fetched.any:
            with self._lock:
                self._served += stat.size
        return cached


class _CheckedFiles:
    """Files for the cache to fetch from, compared with their checksum where there is one. `any`: one was fetched."""

    def __init__(self, files: RemoteFiles, checksum: str) -> None:
        self._files, self._checksum = files, checksum
        self.address = files.address
        self.name = files.name
        self.any = False

    def fetch(self, path: str, target: Path, stat: RemoteStat) -> RemoteStat:
        """`stat.version` is the checksum, which the storage does not know, or what it said itself."""
        self.any = True
        asked = RemoteStat(stat.size) if self._checksum else stat
        found = self._files.fetch(path, target, asked)
        if self._checksum and of_file(target) != self._checksum:
            target.unlink()
            raise RemoteError(f"{self.name(path)} is not what was built: its checksum differs")
        return found
