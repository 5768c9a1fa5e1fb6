"""The shards of a container that is a folder, each as a container of its own: for shards that lie elsewhere and come
one by one.

What lies beside the shards (`folder`) is all that is needed of the container. Of each shard the same is made for its
samples alone; the shard's file itself is put beside it by whoever has it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.contracts import MAX_PAYLOAD, Labels
from ..base.errors import InputError
from ..base.strict_json import dumps
from .container import TROUBLE, reason_of
from .folder import (
    DICTIONARY,
    ENTRY,
    FIRST,
    INDEX,
    METADATA,
    Entries,
    read_metadata,
    read_shards,
    read_table,
    write_table,
)
from .shards import Shard


class FolderParts:
    """What `path` holds beside its shards, read and checked.

    `shards`: in the order of their samples; `entries`: of all samples (`folder.ENTRY`).
    """

    def __init__(self, path: Path, tables: Mapping[str, np.dtype[Any]]) -> None:
        """`tables`: the type of a row by the name of each file that has a column `shard`. Raises InputError where it is
        damaged."""
        self._path = path
        try:
            self._metadata = read_metadata(path)
            self.shards: list[Shard] = read_shards(path)
            found = {name: dtype for name, dtype in tables.items() if os.path.lexists(path / name)}
            self._tables = {name: read_table(path / name, dtype) for name, dtype in found.items()}
            self.entries = self._tables.get(INDEX, np.empty(0, ENTRY))
            counts = [shard.samples for shard in self.shards]
            if not np.array_equal(self.entries["shard"], np.repeat(np.arange(len(counts)), counts)):
                raise ValueError(f"{INDEX} is not of these shards")
        except TROUBLE as error:
            raise InputError(f"{path} is damaged: {reason_of(error)}") from error
        self._rows = {name: _bounds(table, len(counts)) for name, table in self._tables.items()}

    @property
    def labels(self) -> Labels:
        return self.entries["label"].astype(np.int64)

    def places(self, indices: npt.NDArray[np.int64]) -> Entries:
        """Where the payloads of these samples lie in their shards. Raises ValueError where one leads out of it."""
        chosen = self.entries[indices]
        sizes = np.array([shard.bytes for shard in self.shards], np.uint64)[chosen["shard"]]
        lengths = chosen["length"]
        if (lengths > np.minimum(sizes, MAX_PAYLOAD)).any() or (chosen["offset"] > sizes - lengths).any():
            raise ValueError(f"{INDEX} leads outside of a shard: it is stale or damaged")
        return chosen

    def write(self, number: int, target: Path) -> Path:
        """Make `target` the container of one shard alone, without its file; where that belongs."""
        target.mkdir(parents=True)
        for name, table in self._tables.items():
            begin, end = self._rows[name][number : number + 2]
            rows = table[begin:end].copy()
            rows["shard"] = 0
            write_table(target / name, rows)
        shard = self.shards[number]
        first = sum(one.samples for one in self.shards[:number])
        told = {**self._metadata, "samples": shard.samples, "shards": [list(shard)], FIRST: first}
        (target / METADATA).write_text(dumps(told), "utf-8")
        if os.path.lexists(self._path / DICTIONARY):
            shutil.copyfile(self._path / DICTIONARY, target / DICTIONARY)
        return target / shard.name


def _bounds(table: Entries, shards: int) -> list[int]:
    """The rows at which each shard's begin, and the end of the last one's. Raises InputError where they are in no
    order."""
    if (np.diff(table["shard"].astype(np.int64)) < 0).any():
        raise InputError("a table beside the shards is in no order: it is damaged")
    return [int(row) for row in np.searchsorted(table["shard"], np.arange(shards + 1))]
