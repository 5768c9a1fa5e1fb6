"""Zarr as a format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ...base.errors import InputError
from ...base.options import option
from ..shards import MB, MOST_SHARDS, Cut, Shard
from ..walk import bytes_below
from .layout import FILTERS
from .reader import ZarrReader
from .writer import ZarrWriter


@dataclass(frozen=True)
class ZarrFormat:
    """A Zarr group: zarr-python, TensorStore and others read every sample."""

    shard_mb: int = option(
        256, "Size of a shard, a file of chunks, in MB at most", minimum=1, maximum=4096, title="Shard size (MB)"
    )
    chunk: int = option(
        0, "Images per chunk (0: as many as fit 64 KiB)", minimum=0, maximum=1 << 20, title="Images per chunk"
    )
    filter: str = option("none", "Zarr's own compression of each chunk, for raw pixels", choices=tuple(FILTERS))
    shards: int = option(
        0, "Groups per split, of equal samples (0: one)", minimum=0, maximum=MOST_SHARDS - 1, title="Groups"
    )
    ending = ".zarr"

    @property
    def cut(self) -> Cut:
        """`shard_mb` is about the files in a group."""
        return Cut(self.shards, 0)

    def check(self, contents: Contents) -> None:
        """Raises InputError for options that these contents leave no use for."""
        if contents.payload_shape is None and (self.chunk or self.filter != "none"):
            raise InputError(
                "chunk and filter are for raw pixels of one shape: choose encoding raw without a compression, "
                "or leave them out and choose a compression"
            )

    def writer(self, path: Path, contents: Contents) -> ZarrWriter:
        self.check(contents)
        return ZarrWriter(path, contents, self.shard_mb * MB, self.chunk, self.filter)

    def reader(self, path: Path) -> ZarrReader:
        return ZarrReader(path)

    def shards_in(self, path: Path) -> Sequence[Shard]:
        """The files of `images` or `bytes`."""
        return self.reader(path).shards()

    def used_bytes(self, path: Path) -> int:
        """The sum of the files' sizes."""
        return bytes_below(path)
