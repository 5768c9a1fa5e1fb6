"""Hugging Face datasets: Arrow files, mapped. In whole batches, and as its documentation has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np
import torch

from ..inside.samples import Samples
from ..inside.torch_samples import Batch, IndexedSamples, data_loader, indexed_loader, normalised_batch
from ..inside.work import RivalWork

if TYPE_CHECKING:
    from ..registration import Epochs

ROWS, CACHE = "rows", "cache"
"""Folders: what is loaded, and what `from_generator` writes on the way to it."""


def _save(generator: Any, features: dict[str, Any], samples: Samples, folder: Path) -> None:
    """Write rows to Arrow files without holding them in memory."""
    made = datasets.Dataset.from_generator(
        generator,
        features=datasets.Features({**features, "label": datasets.Value("int64")}),
        cache_dir=str(folder / CACHE),
        gen_kwargs={"samples": samples},
    )
    made.save_to_disk(str(folder / ROWS))
    del made
    shutil.rmtree(folder / CACHE)


class HfRows:
    """Rows of bytes and a label, a whole batch of them in one call."""

    def __init__(self, folder: Path) -> None:
        self._rows = datasets.load_from_disk(str(folder / ROWS))

    def __getitem__(self, index: int) -> tuple[bytes, int]:
        row = self._rows[index]
        return row["image"], row["label"]

    def many(self, indices: list[int]) -> Iterator[tuple[bytes, int]]:
        rows = self._rows[indices]
        return zip(rows["image"], rows["label"], strict=True)


def _bytes_rows(samples: Samples) -> Iterator[dict[str, Any]]:
    return ({"image": data, "label": ticket} for data, ticket in samples.in_order())


@dataclass(frozen=True)
class HfDatasets:
    def prepare(self, samples: Samples, folder: Path) -> None:
        _save(_bytes_rows, {"image": datasets.Value("binary")}, samples, folder)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        return indexed_loader(IndexedSamples(partial(HfRows, folder), samples, work), work)


def _image_rows(samples: Samples) -> Iterator[dict[str, Any]]:
    for data, ticket in samples.in_order():
        if samples.shape is None:
            yield {"image": {"bytes": data, "path": None}, "label": ticket}
        else:
            yield {"image": np.frombuffer(data, np.uint8).reshape(*samples.shape, 3), "label": ticket}


def _collate(rows: Sequence[dict[str, torch.Tensor]]) -> Batch:
    """Rows as a batch; the feature Image gives (3, H, W), Array3D what it was given."""
    images = torch.stack([row["image"] for row in rows])
    if images.shape[-1] != 3:
        images = images.permute(0, 2, 3, 1)
    return normalised_batch(images), torch.stack([row["label"] for row in rows])


@dataclass(frozen=True)
class HfDatasetsDocumented:
    def prepare(self, samples: Samples, folder: Path) -> None:
        image = datasets.Image() if samples.shape is None else datasets.Array3D((*samples.shape, 3), "uint8")
        _save(_image_rows, {"image": image}, samples, folder)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        rows = datasets.load_from_disk(str(folder / ROWS)).with_format("torch")
        return data_loader(rows, work, shuffle=True, collate_fn=_collate)
