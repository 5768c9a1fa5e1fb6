"""MLX Data's side, run in its own environment: https://ml-explore.github.io/mlx-data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.data
import numpy as np
import torch

from ..inside.samples import Samples
from ..inside.torch_samples import normalised_batch
from ..inside.views import viewed
from ..inside.work import RivalWork
from ..registration import Epochs

AHEAD = 2
"""Batches under way or ready, per thread."""


def _normalised(images: Any) -> Any:
    return normalised_batch(torch.from_numpy(images)).numpy()


@dataclass(frozen=True)
class MlxDataRival:
    """See `core.rivals.registration.RivalAdapter`."""

    def prepare(self, samples: Samples, folder: Path) -> None:
        for index, (data, _) in enumerate(samples.in_order()):
            (folder / samples.name_of(index)).write_bytes(data)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        torch.set_num_threads(1)  # its own threads are as many as there may be
        tickets = samples.tickets.tolist()
        files = [{"image": samples.name_of(index).encode(), "ticket": ticket} for index, ticket in enumerate(tickets)]
        source = mlx.data.buffer_from_vector(files)
        mlx.data.core.set_state(work.seed)

        def epoch() -> Iterator[tuple[Any, Any]]:
            images = source.shuffle().load_image("image", prefix=str(folder))
            if work.transform == "train224":
                images = images.key_transform("image", lambda pixels: np.array(viewed(pixels, work.transform)))
            batches = images.batch(work.batch_size).key_transform("image", _normalised)
            for batch in batches.ordered_prefetch(AHEAD * work.workers, work.workers):
                yield batch["image"], batch["ticket"]

        return epoch
