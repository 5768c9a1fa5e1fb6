"""The shards of a store: consecutive samples of a split in a file or container of their own.

Formats whose readers elsewhere expect it keep all shards of a split in one container (`core.formats.shards.Joined`); of
the others each shard is a container, `train-00003-of-00008.lmdb`. A store is what its manifest lists: a file beside it
that it does not name is nobody's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.contracts import Format, Labels, SplitPart
from ..base.errors import InputError
from ..formats.container import TROUBLE, open_file, reason_of
from ..formats.shards import Joined


class StoreShard(NamedTuple):
    """Shard `number` of a split: `samples` samples from the split's `first` on, in the file or folder `path` below the
    store, of `bytes` bytes. `checksum`: XXH3-128 of the file; of a folder, of the lines "<path> <checksum>" of its
    files (for a file a sample, XXH3-128 of the samples' checksums); "" where it is not known."""

    number: int
    first: int
    samples: int
    bytes: int
    path: str
    checksum: str


def shards_told(told: Sequence[Mapping[str, Any]]) -> tuple[StoreShard, ...]:
    """What a manifest says of a split's shards, in the order of their samples."""
    firsts = [0, *accumulate(one["samples"] for one in told)]
    return tuple(
        StoreShard(number, firsts[number], one["samples"], one["bytes"], one["path"], one["checksum"])
        for number, one in enumerate(told)
    )


def starts_of(shards: Sequence[StoreShard]) -> npt.NDArray[np.int64]:
    """Where each shard begins among the samples, and where the last one ends: int64 (shards + 1,)."""
    return np.array([*(one.first for one in shards), sum(one.samples for one in shards)], np.int64)


def container_name(split: str, part: SplitPart, format: Format) -> str:
    """The name in its store of the container that this part of a split is written to."""
    if part.parts == 1 or isinstance(format, Joined):
        return f"{split}{format.ending}"
    return f"{split}-{part.number:05d}-of-{part.parts:05d}{format.ending}"


def labels_file(store: Path, split: str) -> Path:
    """Where the labels of a split lie whose shards are containers of their own: as a .npy file, int64 (n,)."""
    return store / f"{split}.labels.npy"


def write_labels(file: Path, labels: Labels) -> None:
    with file.open("wb") as opened:
        np.lib.format.write_array(opened, np.ascontiguousarray(labels, "<i8"), version=(1, 0), allow_pickle=False)


def read_labels(file: Path, samples: int, start: int = 0, stop: int | None = None) -> Labels:
    """Those of all samples, or from `start` to before `stop`: int64 (n,). Raises InputError for a file that is missing,
    or does not hold the labels of `samples` samples."""
    stop = samples if stop is None else stop
    try:
        with open_file(file) as opened:
            version = np.lib.format.read_magic(opened)
            shape, _, dtype = np.lib.format.read_array_header_1_0(opened, max_header_size=10_000)
            if version != (1, 0) or shape != (samples,) or dtype != np.dtype("<i8"):
                raise ValueError(f"it is not {samples:,} labels")
            if os.fstat(opened.fileno()).st_size != opened.tell() + 8 * samples:
                raise ValueError(f"it has not {8 * samples:,} bytes of labels")
            opened.seek(8 * start, os.SEEK_CUR)
            data = opened.read(8 * (stop - start))
            return np.frombuffer(data, "<i8").astype(np.int64)
    except (*TROUBLE, SyntaxError) as error:
        raise InputError(f"{file} cannot be read: {reason_of(error)}; build the store again (--force)") from None
