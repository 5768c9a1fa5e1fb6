"""Hugging Face datasets as its own documentation has it: the feature Image (or Array3D), `with_format("torch")`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.peers import Work
from benchmarks.peers.samples import MEAN_TENSOR, STD_TENSOR, data_loader, encoded, to_pixels


def prepare(work: Work, folder: Path) -> None:
    import datasets

    samples = list(encoded(work))
    labels = [label for _, label in samples]
    side = work.raw_size or 32
    image = datasets.Array3D((side, side, 3), "uint8") if work.raw else datasets.Image()
    features = datasets.Features({"image": image, "label": datasets.Value("int64")})
    images = [to_pixels(data, work) if work.raw else {"bytes": data, "path": None} for data, _ in samples]
    made = datasets.Dataset.from_dict({"image": images, "label": labels}, features=features)
    made.save_to_disk(str(folder / "arrow"))


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    import datasets

    dataset = datasets.load_from_disk(str(folder / "arrow")).with_format("torch")
    batches = data_loader(dataset, work, workers, shuffle=True)

    def epoch() -> Iterator[Any]:
        for batch in batches():
            images = batch["image"]
            planes = images.permute(0, 3, 1, 2) if images.shape[-1] == 3 else images
            yield planes.to(torch.float32).div(255).sub(MEAN_TENSOR).div(STD_TENSOR), batch["label"]

    return epoch
