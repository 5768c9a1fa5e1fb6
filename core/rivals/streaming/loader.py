"""MosaicML Streaming: shards of its own (MDS), shuffled over all of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from ..inside.samples import Samples
from ..inside.torch_samples import collate_pixels, data_loader
from ..inside.views import stored_view
from ..inside.work import RivalWork
from ..registration import Epochs


def _stand_in_for_torchvision() -> None:
    """The library's examples of vision datasets import torchvision, whose compiled part does not load beside a torch
    of another build (pip finds torch for the CPU and torchvision for CUDA). Nothing here uses either, so that what
    they ask for is there and empty."""
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        stand_ins: dict[str, dict[str, Any]] = {
            "torchvision": {},
            "torchvision.datasets": {"VisionDataset": object, "CIFAR10": object},
            "torchvision.transforms": {},
            "torchvision.transforms.functional": {"to_tensor": None},
        }
        for name, contents in stand_ins.items():
            module = ModuleType(name)
            module.__dict__.update({**contents, "__spec__": ModuleSpec(name, None), "__path__": []})
            sys.modules[name] = module


_stand_in_for_torchvision()

from streaming import MDSWriter, StreamingDataset  # noqa: E402

COLUMNS = {"image": "bytes", "ticket": "int"}


class _Images(StreamingDataset):  # type: ignore[misc]
    """Its rows as (uint8 (H, W, 3), ticket)."""

    def __init__(self, samples: Samples, work: RivalWork, **options: Any) -> None:
        super().__init__(**options)
        self._view = stored_view(samples.encoding, samples.shape, work.transform)

    def __getitem__(self, index: Any) -> tuple[Any, int]:
        row = super().__getitem__(index)
        return self._view(row["image"]), row["ticket"]


@dataclass(frozen=True)
class StreamingRival:
    """See `core.rivals.registration.RivalAdapter`. Images lie in a column of bytes."""

    def prepare(self, samples: Samples, folder: Path) -> None:
        """Shards of its own size (64 MiB), in a mixed order."""
        with MDSWriter(out=str(folder / "mds"), columns=COLUMNS) as writer:
            for data, ticket in samples.mixed():
                writer.write({"image": data, "ticket": ticket})

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        """The dataset gives each worker batches of its own."""
        images = _Images(
            samples,
            work,
            local=str(folder / "mds"),
            shuffle=True,
            shuffle_seed=work.seed,
            batch_size=work.batch_size,
        )
        return data_loader(images, work, collate_fn=collate_pixels)
