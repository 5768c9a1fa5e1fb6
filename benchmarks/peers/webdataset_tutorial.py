"""WebDataset as its own documentation has it: decoded by Pillow, a sample at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import Work
from benchmarks.peers.samples import data_loader, mixed, normalised, to_pixels
from benchmarks.peers.webdataset import shard_length


def prepare(work: Work, folder: Path) -> None:
    import webdataset

    samples = mixed(work)
    with webdataset.ShardWriter(str(folder / "%06d.tar"), maxcount=shard_length(len(samples))) as writer:
        for number, (data, label) in enumerate(samples):
            field = {"npy": _npy(data, work)} if work.raw else {"jpg": data}
            writer.write({"__key__": f"{number:08d}", **field, "cls": label})


def _npy(data: bytes, work: Work) -> bytes:
    file = BytesIO()
    np.save(file, to_pixels(data, work))
    return file.getvalue()


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    import webdataset

    shards = [str(path) for path in sorted(folder.glob("*.tar"))]
    dataset = webdataset.WebDataset(shards, shardshuffle=len(shards), empty_check=False).shuffle(2000).decode("pil")
    dataset = dataset.to_tuple("jpg;npy", "cls").map(lambda pair: (normalised(np.asarray(pair[0])), int(pair[1])))
    return data_loader(dataset, work, workers)
