"""torch's DataLoader over image files, decoded and transformed by torchvision: `decode_image` and transforms v2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.utils.data import Dataset
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import v2

from ..files.loader import listed_files, write_files
from ..inside.samples import Samples
from ..inside.torch_samples import data_loader
from ..inside.work import MEAN, SIDE, STD, RivalWork

if TYPE_CHECKING:
    from ..registration import Epochs

PlaneSample = tuple[torch.Tensor, int]


class DecodedFiles(Dataset[PlaneSample]):
    """Files by number: uint8 (3, H, W), transformed, and the ticket."""

    def __init__(self, folder: Path, classes: int, transform: str) -> None:
        self._files = list(listed_files(folder, classes))
        steps = [v2.RandomResizedCrop(SIDE, antialias=True), v2.RandomHorizontalFlip()]
        self._transform = v2.Compose(steps) if transform == "train224" else None

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> PlaneSample:
        path, ticket = self._files[index]
        planes: torch.Tensor = decode_image(path, ImageReadMode.RGB)
        return (planes if self._transform is None else self._transform(planes)), ticket


class Collate:
    """Stacks samples and normalises them as a batch: float32 (B, 3, H, W), int64 (B,)."""

    def __init__(self) -> None:
        self._normalise = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD, inplace=True)])

    def __call__(self, pairs: Sequence[PlaneSample]) -> tuple[torch.Tensor, torch.Tensor]:
        images = torch.stack([planes for planes, _ in pairs])
        return self._normalise(images), torch.tensor([ticket for _, ticket in pairs])


@dataclass(frozen=True)
class TorchvisionFiles:
    def prepare(self, samples: Samples, folder: Path) -> None:
        write_files(samples, folder)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        dataset = DecodedFiles(folder, samples.classes, work.transform)
        return data_loader(dataset, work, shuffle=True, collate_fn=Collate())
