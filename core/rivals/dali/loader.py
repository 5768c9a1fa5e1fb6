"""DALI's side, run in its own environment: https://docs.nvidia.com/deeplearning/dali/user-guide/docs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from nvidia.dali import fn, pipeline_def, types
from nvidia.dali.plugin.pytorch import DALIGenericIterator

from ..inside.samples import Samples
from ..inside.work import MEAN, SIDE, STD, RivalWork
from ..registration import Epochs
from .payloads import ShuffledPayloads, write_payloads

OUTPUTS = ["images", "tickets"]


@dataclass(frozen=True)
class DaliRival:
    """See `core.rivals.registration.RivalAdapter`."""

    def prepare(self, samples: Samples, folder: Path) -> None:
        write_payloads(samples, folder)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        gpu = work.device == "cuda"
        if gpu and not torch.cuda.is_available():
            raise RuntimeError("it needs an NVIDIA GPU, and a PyTorch that is built for CUDA")
        pipeline = _pipeline(
            ShuffledPayloads(folder, samples.shape, work.batch_size, work.seed),
            encoded=samples.shape is None,
            crop=work.transform == "train224",
            device="mixed" if gpu else "cpu",
            batch_size=work.batch_size,
            num_threads=work.workers,
            device_id=torch.cuda.current_device() if gpu else None,
            seed=work.seed,
            exec_dynamic=True,
        )
        loader = DALIGenericIterator([pipeline], OUTPUTS, auto_reset=True)
        return lambda: ((batch[0]["images"], batch[0]["tickets"]) for batch in loader)


@pipeline_def  # type: ignore[untyped-decorator]
def _pipeline(source: ShuffledPayloads, encoded: bool, crop: bool, device: str) -> Any:
    """Batches of images, float32 (B, 3, H, W), and tickets, int64 (B,)."""
    pixels, tickets = fn.external_source(
        source=source, cycle="raise", num_outputs=2, dtype=[types.UINT8, types.INT64], batch=True, no_copy=True,
        layout=["" if encoded else "HWC", ""],
    )  # fmt: skip
    area: dict[str, Any] = {"random_area": [0.08, 1.0], "random_aspect_ratio": [3 / 4, 4 / 3], "num_attempts": 10}
    if not encoded and device == "mixed":
        pixels = pixels.gpu()
    if encoded and crop:
        pixels = fn.decoders.image_random_crop(pixels, device=device, **area)
        pixels = fn.resize(pixels, size=[SIDE, SIDE], interp_type=types.INTERP_LINEAR, antialias=True)
    elif encoded:
        pixels = fn.decoders.image(pixels, device=device)
    elif crop:
        pixels = fn.random_resized_crop(pixels, size=[SIDE, SIDE], antialias=True, **area)
    flip = {"mirror": fn.random.coin_flip()} if crop else {}
    images = fn.crop_mirror_normalize(
        pixels, dtype=types.FLOAT, output_layout="CHW", mean=list(255 * MEAN), std=list(255 * STD), **flip
    )
    return images, tickets
