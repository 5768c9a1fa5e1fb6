"""LitData: chunks of its own, mapped where they lie, shuffled chunk by chunk and within each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litdata import StreamingDataLoader, StreamingDataset
from litdata.streaming.writer import BinaryWriter

from ..inside.samples import Samples
from ..inside.torch_samples import collate_pixels
from ..inside.views import stored_view
from ..inside.work import RivalWork
from ..registration import Epochs

CHUNK = "64MB"


class _Viewed:
    """A row as (uint8 (H, W, 3), ticket)."""

    def __init__(self, samples: Samples, work: RivalWork) -> None:
        self._view = stored_view(samples.encoding, samples.shape, work.transform)

    def __call__(self, row: dict[str, Any]) -> tuple[Any, int]:
        return self._view(row["image"]), row["ticket"]


@dataclass(frozen=True)
class LitDataRival:
    """See `core.rivals.registration.RivalAdapter`. Shuffled fully within a chunk, or in windows as it chooses."""

    full_shuffle: bool = True

    def prepare(self, samples: Samples, folder: Path) -> None:
        """Chunks by the writer behind its `optimize`, which would start processes for it, in a mixed order."""
        writer = BinaryWriter(str(folder), chunk_bytes=CHUNK)
        for number, (data, ticket) in enumerate(samples.mixed()):
            writer[number] = {"image": data, "ticket": ticket}
        writer.done()
        writer.merge()

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        """Its own DataLoader gives each worker chunks, or parts of them."""
        shuffling: dict[str, Any] = {"item_shuffle_window": "full", "batch_decode": 0} if self.full_shuffle else {}
        dataset = StreamingDataset(
            str(folder),
            shuffle=True,
            drop_last=False,
            seed=work.seed,
            transform=_Viewed(samples, work),
            **shuffling,
        )
        loader = StreamingDataLoader(
            dataset,
            batch_size=work.batch_size,
            num_workers=work.workers,
            persistent_workers=work.workers > 0,
            collate_fn=collate_pixels,
        )
        return lambda: iter(loader)
