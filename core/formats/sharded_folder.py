"""Formats whose containers are folders of shards: what is the same in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..base.contracts import Contents
from ..base.strict_json import dumps
from .folder import DICTIONARY, ENTRY, INDEX, METADATA, read_metadata, read_shards, read_table, write_table
from .shards import Cut, Shard, ShardLimits, cut_of
from .walk import bytes_below


class ShardedFolder:
    """The base of such a format. Its options `shards` and `shard_mb` say how large shards become, `usual_mb` MB where
    both are 0."""

    shards: int
    shard_mb: int
    usual_mb: ClassVar[int]
    tables: ClassVar[dict[str, np.dtype[Any]]] = {INDEX: ENTRY}
    """What lies beside the shards and has a column `shard`: name -> type of a row."""

    @property
    def bare(self) -> bool:
        """Whether payloads lie in the shards as they are, where the index says."""
        raise NotImplementedError

    def used_bytes(self, path: Path) -> int:
        """The sum of the files' sizes."""
        return bytes_below(path)

    def shards_in(self, path: Path) -> Sequence[Shard]:
        return read_shards(path)

    @property
    def cut(self) -> Cut:
        """Raises InputError where both options are given."""
        return cut_of(self.shards, self.shard_mb, self.usual_mb)

    def join(self, parts: Sequence[Path], path: Path) -> None:
        """One container of those of all parts, each of which holds one shard under its name in the whole. Files are
        moved (shards that lie elsewhere already, and are not here, need not be); the parts are of no use afterwards."""
        shards = [read_shards(part) for part in parts]
        firsts = [0, *accumulate(map(len, shards))]
        metadata = read_metadata(parts[0])
        path.mkdir(parents=True)
        for name, dtype in self.tables.items():
            if (parts[0] / name).exists():
                write_table(path / name, _joined_tables(parts, name, dtype, firsts))
        for part, own in zip(parts, shards, strict=True):
            for shard in own:
                if (part / shard.name).exists():
                    (part / shard.name).rename(path / shard.name)
        if (parts[0] / DICTIONARY).exists():
            (parts[0] / DICTIONARY).rename(path / DICTIONARY)
        every = [shard for own in shards for shard in own]
        told = {"samples": sum(shard.samples for shard in every), "classes": metadata["classes"]}
        told["shards"] = [list(shard) for shard in every]
        (path / METADATA).write_text(dumps(told | {k: v for k, v in metadata.items() if k not in told}), "utf-8")

    def _limits(self, contents: Contents) -> ShardLimits:
        """Of a part, which is one shard, none. Raises InputError where both options are given."""
        if contents.part is not None:
            return ShardLimits(contents.samples, 1, 0)
        return ShardLimits.of(contents.samples, self.shards, self.shard_mb, self.usual_mb)


def _joined_tables(
    parts: Sequence[Path], name: str, dtype: np.dtype[Any], firsts: Sequence[int]
) -> np.ndarray[Any, np.dtype[np.void]]:
    """The tables of all parts behind each other, where shards have their numbers in the whole."""
    tables = [read_table(part / name, dtype) for part in parts]
    for table, first in zip(tables, firsts, strict=False):
        table["shard"] += np.uint32(first)
    return np.concatenate(tables)
