"""SPDL's side, run in its own environment: https://facebookresearch.github.io/spdl/main."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import spdl.io
import torch
from spdl.pipeline import PipelineBuilder

from ..inside.samples import Samples
from ..inside.torch_samples import Batch, collate_pixels, normalised_batch
from ..inside.views import stored_view
from ..inside.work import RivalWork
from ..registration import Epochs
from .batches import ShuffledBatches, crop_filter, file_of

AHEAD = 4
"""Finished batches that wait to be consumed."""

WHOLE = spdl.io.get_video_filter_desc(pix_fmt="rgb24")


def _own_frames(path: str, crop: bool) -> Any:
    packets = spdl.io.demux_image(path)
    description = crop_filter(packets.width, packets.height) if crop else WHOLE
    return spdl.io.decode_packets(packets, filter_desc=description)


class RunningPipeline:
    """Starts an epoch when it is called; its threads end with it."""

    def __init__(self, batches: ShuffledBatches, load: Callable[[list[int]], Batch], threads: int) -> None:
        builder = PipelineBuilder().add_source(batches, continuous=True).pipe(load, concurrency=threads)
        self._pipeline = builder.add_sink(AHEAD).build(num_threads=threads)
        self._pipeline.start()

    def __call__(self) -> Iterator[Batch]:
        return iter(self._pipeline.get_iterator())

    def __del__(self) -> None:
        self._pipeline.stop()


@dataclass(frozen=True)
class SpdlRival:
    """See `core.rivals.registration.RivalAdapter`. own: with SPDL's own image loading."""

    own: bool

    def prepare(self, samples: Samples, folder: Path) -> None:
        for index, (data, _) in enumerate(samples.in_order()):
            path = file_of(folder, samples.name_of(index))
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        torch.set_num_threads(1)  # its own threads are as many as there may be
        paths = [str(file_of(folder, samples.name_of(index))) for index in range(len(samples))]
        tickets = torch.from_numpy(samples.tickets)
        crop = work.transform == "train224"
        view = None if self.own else stored_view(samples.encoding, samples.shape, work.transform)

        def load(indices: list[int]) -> Batch:
            if view is not None:
                return collate_pixels([(view(_content(paths[index])), int(tickets[index])) for index in indices])
            frames = [_own_frames(paths[index], crop) for index in indices]
            pixels = torch.from_numpy(np.asarray(spdl.io.to_numpy(spdl.io.convert_frames(frames))))
            return normalised_batch(pixels), tickets[indices]

        return RunningPipeline(ShuffledBatches(len(samples), work.batch_size, work.seed), load, work.workers)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
