"""WebDataset: tar files in shards, shuffled through a buffer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work
from benchmarks.peers.samples import data_loader, mixed, to_sample

SHARD = 5000
LEAST_SHARDS = 8
"""So that no worker is left without one."""


def prepare(work: Work, folder: Path) -> None:
    import webdataset

    samples = mixed(work)
    with webdataset.ShardWriter(str(folder / "%06d.tar"), maxcount=shard_length(len(samples))) as writer:
        for number, (data, label) in enumerate(samples):
            writer.write({"__key__": f"{number:08d}", "img": data, "cls": label})


def shard_length(samples: int) -> int:
    """Samples in a shard."""
    return min(SHARD, -(-samples // LEAST_SHARDS))


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    import webdataset

    shards = [str(path) for path in sorted(folder.glob("*.tar"))]
    dataset = webdataset.WebDataset(shards, shardshuffle=len(shards), empty_check=False).shuffle(2000)
    dataset = dataset.to_tuple("img", "cls").map(lambda pair: to_sample(pair[0], int(pair[1]), work))
    return data_loader(dataset, work, workers)
