"""NVIDIA DALI on the CPU, over the image files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import MEAN, SIDE, STD, Work


def prepare(work: Work, folder: Path) -> None:
    """It reads the files as they are."""
    if work.raw:
        raise NotImplementedError("it has no container for raw pixels")


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    from nvidia.dali import fn, pipeline_def, types
    from nvidia.dali.plugin.base_iterator import LastBatchPolicy
    from nvidia.dali.plugin.pytorch import DALIGenericIterator

    @pipeline_def(batch_size=work.batch_size, num_threads=max(workers, 1), device_id=None, seed=0)
    def images() -> Any:
        # without pad_last_batch, PARTIAL drops samples of the next epoch with the end of the last batch
        data, labels = fn.readers.file(
            file_root=str(work.images), random_shuffle=True, pad_last_batch=True, name="reader"
        )
        mirror: Any = 0
        if work.train224:
            pixels = fn.decoders.image_random_crop(
                data, random_area=[0.08, 1.0], random_aspect_ratio=[3 / 4, 4 / 3], num_attempts=10
            )
            pixels = fn.resize(pixels, resize_x=SIDE, resize_y=SIDE, interp_type=types.INTERP_LINEAR, antialias=True)
            mirror = fn.random.coin_flip()
        else:
            pixels = fn.decoders.image(data)
        return fn.crop_mirror_normalize(
            pixels, mirror=mirror, dtype=types.FLOAT, output_layout="CHW",
            mean=list(255 * MEAN), std=list(255 * STD),
        ), labels  # fmt: skip

    pipeline = images()
    pipeline.build()
    loader = DALIGenericIterator(
        [pipeline],
        ["images", "labels"],
        reader_name="reader",
        auto_reset=True,
        last_batch_policy=LastBatchPolicy.PARTIAL,
    )
    return lambda: ((batch[0]["images"], batch[0]["labels"]) for batch in loader)
