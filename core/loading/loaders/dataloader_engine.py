"""An engine that is a `torch.utils.data.DataLoader` over a dataset of ours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from ...base.errors import FormatMattersError, InputError, WorkError
from ...processes.cpus import usable_cpus
from ..batch_sampler import BatchSpec
from ..pipeline import StagedPipeline
from ..transfer import Batch
from ..workers import Workers, parse_workers

Item = TypeVar("Item", covariant=True)


class SampledDataset(Dataset[Item], ABC):
    """A dataset that knows how a DataLoader has to ask it for batches."""

    pipeline: StagedPipeline

    @abstractmethod
    def sampling(self, specs: Iterator[BatchSpec]) -> dict[str, Any]:
        """Arguments of `DataLoader` that make it ask for these batches."""


class DataLoaderEngine:
    """A `torch.utils.data.DataLoader` over a dataset; its workers are processes as PyTorch starts them."""

    def __init__(self, dataset: SampledDataset[Any], workers: int | str, channels_last: bool) -> None:
        asked = parse_workers(workers)
        count = usable_cpus() if asked is None else asked.count
        if asked is not None and asked.kind == "threads":
            raise InputError(f"workers={workers!r}: a DataLoader has no threads; choose a number of processes")
        reason = "one process a CPU" if asked is None else "as asked for"
        self.workers = Workers("processes" if count else "inline", count, reason)
        self.stages: dict[str, float] = {}
        self._dataset = dataset
        self._format = torch.channels_last if channels_last else torch.contiguous_format

    def batches(self, specs: Iterator[BatchSpec]) -> Generator[Batch, None, None]:
        loader: DataLoader[Any] = DataLoader(
            self._dataset, num_workers=self.workers.count, **self._dataset.sampling(specs)
        )
        try:
            made = iter(loader)
            while True:
                with self._dataset.pipeline.guard:  # the file's size tells, whatever became of a worker's batch
                    batch = next(made, None)
                if batch is None:
                    return
                yield Batch(batch[0].contiguous(memory_format=self._format), batch[1])
        except FormatMattersError as error:
            raise type(error)(_last_words(error)) from error
        except RuntimeError as error:
            if "DataLoader worker" in str(error):
                raise WorkError(_last_words(error)) from error
            raise

    def close(self) -> None:
        """Nothing to do: its processes end with each epoch."""


def _last_words(error: Exception) -> str:
    """The sentence at the end of what torch makes of an exception in a worker: "module.Class: sentence"."""
    line = str(error).strip().splitlines()[-1]
    return line.removeprefix(f"{type(error).__module__}.{type(error).__name__}: ")
