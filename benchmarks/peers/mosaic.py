"""Mosaic Streaming: its own shards (MDS), shuffled by its py1e algorithm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work
from benchmarks.peers.samples import data_loader, mixed, to_sample


def prepare(work: Work, folder: Path) -> None:
    from streaming import MDSWriter

    with MDSWriter(out=str(folder / "mds"), columns={"image": "bytes", "label": "int"}) as writer:
        for data, label in mixed(work):
            writer.write({"image": data, "label": label})


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    from streaming import StreamingDataset

    class Samples(StreamingDataset):  # type: ignore[misc]
        def __getitem__(self, index: Any) -> Any:
            row = super().__getitem__(index)
            return to_sample(row["image"], row["label"], work)

    dataset = Samples(local=str(folder / "mds"), shuffle=True, batch_size=work.batch_size)
    return data_loader(dataset, work, workers)
