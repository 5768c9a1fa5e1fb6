"""Deep Lake: columns in files of its own, through a DataLoader that asks for whole batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deeplake

from ..inside.samples import Samples
from ..inside.torch_samples import IndexedSamples, indexed_loader
from ..inside.work import RivalWork

if TYPE_CHECKING:
    from ..registration import Epochs

WRITTEN_AT_ONCE = 4096
"""Rows that are appended in one call."""


class LakeRows:
    """Rows of bytes and a label, a whole batch of them in one call."""

    def __init__(self, folder: Path) -> None:
        self._dataset = deeplake.open_read_only(_address(folder))

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return next(self.many([index]))

    def many(self, indices: list[int]) -> Iterator[tuple[Any, int]]:
        rows = self._dataset[indices]
        return zip(rows["image"][:], rows["label"][:], strict=True)


@dataclass(frozen=True)
class DeepLake:
    def prepare(self, samples: Samples, folder: Path) -> None:
        dataset = deeplake.create(_address(folder))
        dataset.add_column("image", deeplake.types.Bytes())
        dataset.add_column("label", "int64")
        rows = samples.in_order()
        while part := list(islice(rows, WRITTEN_AT_ONCE)):
            images, tickets = zip(*part, strict=True)
            dataset.append({"image": list(images), "label": list(tickets)})
        dataset.commit()

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        return indexed_loader(IndexedSamples(partial(LakeRows, folder), samples, work), work)


def _address(folder: Path) -> str:
    return f"file://{folder}/lake"
