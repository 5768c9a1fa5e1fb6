"""Lance: a columnar file with fast random access, through a DataLoader that asks for whole batches."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lance
import pyarrow

from ..inside.samples import Samples
from ..inside.torch_samples import IndexedSamples, indexed_loader
from ..inside.work import RivalWork

if TYPE_CHECKING:
    from ..registration import Epochs

DATASET = "images.lance"

UNCOMPRESSED = {"lance-encoding:compression": "none"}
"""A column's metadata. By default Lance compresses large values: raw photos to 0.8 of their size, JPEGs not at all, and
a read of a raw photo takes three times the processor time."""

WRITTEN_AT_ONCE = 1024
"""Rows in memory while it is written."""


class LanceRows:
    """Rows of bytes and a label, a whole batch of them in one call."""

    def __init__(self, path: Path) -> None:
        self._dataset = lance.dataset(str(path))

    def __getitem__(self, index: int) -> tuple[bytes, int]:
        return next(self.many([index]))

    def many(self, indices: list[int]) -> Iterator[tuple[bytes, int]]:
        rows = self._dataset.take(indices)
        return zip(rows["image"].to_pylist(), rows["label"].to_pylist(), strict=True)


@dataclass(frozen=True)
class LanceImages:
    def prepare(self, samples: Samples, folder: Path) -> None:
        image = pyarrow.field("image", pyarrow.large_binary(), metadata=UNCOMPRESSED)
        schema = pyarrow.schema([image, pyarrow.field("label", pyarrow.int64())])
        reader = pyarrow.RecordBatchReader.from_batches(schema, _record_batches(samples, schema))
        lance.write_dataset(reader, str(folder / DATASET))

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        dataset = IndexedSamples(partial(LanceRows, folder / DATASET), samples, work)
        return indexed_loader(dataset, work, **(_workers() if work.workers else {}))


def _workers() -> dict[str, Any]:
    """Options of workers that do not begin as forks of this process, whose threads of Lance's would be missing there.
    They are forks of a server that has torch."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch.utils.data", "PIL.Image"])
    return {"multiprocessing_context": context}


def _record_batches(samples: Samples, schema: Any) -> Iterator[Any]:
    rows = samples.in_order()
    while part := list(islice(rows, WRITTEN_AT_ONCE)):
        images, tickets = zip(*part, strict=True)
        yield pyarrow.record_batch([pyarrow.array(images, schema.field("image").type), list(tickets)], schema=schema)
