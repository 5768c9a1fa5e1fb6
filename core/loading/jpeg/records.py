"""Records of entry points for a batch, as kernels take them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class EntryRecords(NamedTuple):
    """For each JPEG of a batch where in `memory` its record of entry points is; one of length 0 is none.

    `memory`: uint8 (bytes,), read-only; `offsets`, `lengths`: int64 (B,); `interval`: MCUs between two entry points.
    """

    memory: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    interval: int


def no_records(samples: int) -> EntryRecords:
    nothing = np.zeros(samples, np.int64)
    return EntryRecords(np.frombuffer(b"\0", np.uint8), nothing, nothing, 1)
