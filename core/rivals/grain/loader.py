"""Grain over ArrayRecord files: random access by its own reader, a global shuffle, worker processes or threads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import grain.python as grain
import numpy as np
import numpy.typing as npt
from array_record.python.array_record_data_source import ArrayRecordDataSource
from array_record.python.array_record_module import ArrayRecordWriter

from ..inside.samples import Samples
from ..inside.views import stored_view
from ..inside.work import MEAN, STD, RivalWork
from ..registration import Epochs

FILE = "images.arrayrecord"
OPTIONS = "group_size:1,uncompressed"
"""One record a group, as Grain asks for; images have been compressed."""

TICKET = 8
"""Bytes of a record that are its ticket, before the image."""

SCALE = (1 / (255 * STD)).astype(np.float32)[:, None, None]
SHIFT = (-MEAN / STD).astype(np.float32)[:, None, None]


class _Viewed(grain.MapTransform):  # type: ignore[misc]
    """A record as (float32 (3, H, W), ticket)."""

    def __init__(self, samples: Samples, work: RivalWork) -> None:
        self._view = stored_view(samples.encoding, samples.shape, work.transform)

    def map(self, record: bytes) -> tuple[npt.NDArray[np.float32], np.int64]:
        pixels = self._view(record[TICKET:])
        image = np.empty((3, *pixels.shape[:2]), np.float32)
        np.multiply(pixels.transpose(2, 0, 1), SCALE, out=image)
        image += SHIFT
        return image, np.int64(int.from_bytes(record[:TICKET], "little"))


class _Epochs:
    """Starts an epoch, so many batches of an iterator without an end, and closes that as Grain asks for: what its
    workers have ready lies in shared memory, and would stay there."""

    def __init__(self, endless: Any, batches: int) -> None:
        self._endless, self._batches = endless, batches

    def __call__(self) -> Iterator[tuple[Any, Any]]:
        return islice(self._endless, self._batches)

    def __del__(self) -> None:
        self._endless.close()


@dataclass(frozen=True)
class GrainRival:
    """See `core.rivals.registration.RivalAdapter`. Workers are processes, or `threads` that make a batch each."""

    threads: bool = False

    def prepare(self, samples: Samples, folder: Path) -> None:
        """One file; a record is a ticket and an image."""
        writer = ArrayRecordWriter(str(folder / FILE), OPTIONS)
        for data, ticket in samples.in_order():
            writer.write(ticket.to_bytes(TICKET, "little") + data)
        writer.close()

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        """One iterator without an end, an epoch of which is so many batches: a new one would start its workers anew."""
        source = ArrayRecordDataSource(str(folder / FILE))
        batches = (
            grain.MapDataset.source(source)
            .seed(work.seed)
            .shuffle()
            .map(_Viewed(samples, work))
            .batch(work.batch_size, drop_remainder=False)
        )
        length = len(batches)
        processes, threads = (0, work.workers) if self.threads else (work.workers, 0)
        reading = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=2 * max(threads, 1))
        loader: Any = batches.repeat().to_iter_dataset(reading)
        if processes:
            loader = loader.mp_prefetch(grain.MultiprocessingOptions(num_workers=processes, per_worker_buffer_size=2))
        return _Epochs(iter(loader), length)
