"""SPDL: threads that decode with FFmpeg's and libjpeg's C code, over the image files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from benchmarks.peers import MEAN, STD, Work


def prepare(work: Work, folder: Path) -> None:
    """It reads the files as they are."""
    if work.raw or work.train224:
        raise NotImplementedError("only measured on whole JPEGs: it has no random crop of its own")


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    import spdl.io
    from spdl.pipeline import PipelineBuilder

    files, random = work.files(), Random(0)
    scale = torch.tensor(1 / (255 * STD), dtype=torch.float32)[:, None, None]
    shift = torch.tensor(-MEAN / STD, dtype=torch.float32)[:, None, None]

    def load(batch: list[tuple[Path, int]]) -> Any:
        frames = [
            spdl.io.decode_packets(
                spdl.io.demux_image(str(path)), filter_desc=spdl.io.get_video_filter_desc(pix_fmt="rgb24")
            )
            for path, _ in batch
        ]
        pixels = torch.from_numpy(np.array(spdl.io.to_numpy(spdl.io.convert_frames(frames)))).permute(0, 3, 1, 2)
        return pixels.to(torch.float32).mul(scale).add(shift), torch.tensor([label for _, label in batch])

    def epoch() -> Iterator[Any]:
        order = random.sample(files, len(files))
        batches = [order[first : first + work.batch_size] for first in range(0, len(order), work.batch_size)]
        threads = max(workers, 1)
        pipeline = (
            PipelineBuilder().add_source(batches).pipe(load, concurrency=threads).add_sink(4).build(num_threads=threads)
        )
        with pipeline.auto_stop():
            yield from pipeline

    return epoch
