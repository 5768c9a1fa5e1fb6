"""The plain PyTorch loader: one item of its dataset is a whole batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ....base.contracts import Labels
from ...batch_sampler import BatchSpec
from ...engine import Engine
from ...pipeline import StagedPipeline
from ...transfer import Batch, Transfer, tensor_of
from ..dataloader_engine import DataLoaderEngine, SampledDataset
from ..registration import EngineInputs


@dataclass(frozen=True, slots=True)
class TorchLoader:
    """See `core.loading.loaders.registration.LoaderBackend`."""

    def engine(self, inputs: EngineInputs) -> tuple[Engine, Transfer]:
        dataset = WholeBatches(inputs.stages, inputs.labels, inputs.size)
        return DataLoaderEngine(dataset, inputs.workers, inputs.channels_last), inputs.transfer


@dataclass(frozen=True)
class WholeBatches(SampledDataset[Batch]):
    """One item is a whole batch, made by the stages in a row."""

    pipeline: StagedPipeline
    labels: Labels
    size: tuple[int, int]

    def sampling(self, specs: Iterator[BatchSpec]) -> dict[str, Any]:
        return {"sampler": specs, "batch_size": None}

    def __getitem__(self, spec: BatchSpec) -> Batch:
        normalise = self.pipeline.normalise
        images = np.empty((len(spec.indices), 3, *self.size), normalise.dtype)
        self.pipeline.fill(spec, images)
        return Batch(tensor_of(images, normalise), torch.from_numpy(self.labels[spec.indices]))
