"""LitData: its own chunks, streamed, shuffled chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work
from benchmarks.peers.samples import mixed, to_sample


def prepare(work: Work, folder: Path) -> None:
    from litdata.streaming.writer import BinaryWriter

    writer = BinaryWriter(str(folder), chunk_bytes="8MB")
    for number, (data, label) in enumerate(mixed(work)):
        writer[number] = {"image": data, "label": label}
    writer.done()
    writer.merge()


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    from litdata import StreamingDataLoader, StreamingDataset

    class Samples(StreamingDataset):  # type: ignore[misc]
        def __getitem__(self, index: Any) -> Any:
            row = super().__getitem__(index)
            return to_sample(row["image"], row["label"], work)

    dataset = Samples(str(folder), shuffle=True)
    loader = StreamingDataLoader(dataset, batch_size=work.batch_size, num_workers=workers)
    return lambda: iter(loader)
