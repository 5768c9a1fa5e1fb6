"""Formats whose containers are folders of shards: what is the same in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ..base.contracts import Contents
from .folder import read_shards
from .shards import Shard, ShardLimits
from .walk import bytes_below


class ShardedFolder:
    """The base of such a format. Its options `shards` and `shard_mb` say how large shards become, `usual_mb` MB where
    both are 0."""

    shards: int
    shard_mb: int
    usual_mb: ClassVar[int]

    def used_bytes(self, path: Path) -> int:
        """The sum of the files' sizes."""
        return bytes_below(path)

    def shards_in(self, path: Path) -> Sequence[Shard]:
        return read_shards(path)

    def _limits(self, contents: Contents) -> ShardLimits:
        """Raises InputError where both options are given."""
        return ShardLimits.of(contents.samples, self.shards, self.shard_mb, self.usual_mb)
