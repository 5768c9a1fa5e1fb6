"""CIFAR's binary version: rows of a label (CIFAR-100: the coarse one, then the fine one) and 3,072 pixels, without a
header. So it is a guess, by the size of the file, its labels, and pixels that vary like those of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .batches import ROW, SIDE, CifarBatch

MOST_LOOKED_AT = 32
SMOOTH = 0.4
COLUMNS: dict[int, tuple[tuple[str, int], ...]] = {
    1: (("labels", 10),),
    2: (("coarse_labels", 20), ("fine_labels", 100)),
}
"""Bytes before the pixels -> the labels that they are, and how many classes there are."""


def labels_before(head: bytes, size: int) -> int | None:
    """How many labels precede the pixels of each row, 1 or 2; None where the file is none of such rows."""
    for count, columns in COLUMNS.items():
        if size and size % (count + ROW) == 0 and _fits(head, min(size // (count + ROW), MOST_LOOKED_AT), columns):
            return count
    return None


def _fits(head: bytes, rows: int, columns: Sequence[tuple[str, int]]) -> bool:
    width = len(columns) + ROW
    rows = min(rows, len(head) // width)
    if not rows:
        return False
    table = np.frombuffer(head, np.uint8, rows * width).reshape(rows, width)
    if any(int(table[:, place].max()) >= most for place, (_, most) in enumerate(columns)):
        return False
    return _likeness(table[:, len(columns) :]) >= SMOOTH


def _likeness(rows: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """How alike neighbouring pixels are in the red planes, 0 to 1."""
    from ..hdf5.candidates import smoothness

    return float(np.mean([smoothness(row[: SIDE**2].reshape(SIDE, SIDE)) for row in rows]))


def batch_of_rows(name: str, memory: memoryview, count: int) -> CifarBatch:
    """The rows of a file with `count` labels each."""
    rows = len(memory) // (count + ROW)
    table = np.frombuffer(memory, np.uint8, rows * (count + ROW)).reshape(rows, count + ROW)
    labels = {label: table[:, place].astype(np.int64) for place, (label, _) in enumerate(COLUMNS[count])}
    return CifarBatch(name, table[:, count:], labels)
