"""The size of a file's images in other formats, estimated from a few of them.

`encoded_sizes` runs in the reader process, where the images are: each is encoded and only the sizes come back.
`estimates` makes of the sizes what containers would occupy.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..base.contracts import Encoding, Pixels
from ..compressions import COMPRESSIONS
from ..encodings import ENCODINGS
from ..formats import FORMATS
from .records import UNREADABLE, Record, Records
from .values import image_encoding

ENCODED_AS = ("png", "jpeg")
COMPRESSION = "zstd"

Z = 1.96
"""Standard errors to either side that hold the mean 95 times in 100."""


@dataclass(frozen=True)
class SizeEstimate:
    """What `total` samples would occupy, in bytes: the estimate, and where it lies 95 times in 100."""

    format: str
    encoding: str
    compression: str
    bytes: float
    low: float
    high: float


@dataclass(frozen=True)
class _Shown:
    """Pixels as an encoding takes them; there is no file they came from."""

    pixels: Pixels
    data: bytes = b""


# ---------------------------------------------------------------- in the reader process


def encoded_sizes(records: Records, indices: Iterable[int], seconds: float) -> list[dict[str, int]]:
    """For each image: its bytes as `raw`, `png`, `jpeg`, `original` (where it is an image file) and `raw+zstd`;
    with `payload` and `stored`, its bytes in this very file. As many images as fit into the time."""
    deadline = time.monotonic() + seconds
    encoders = _encoders()
    rows: list[dict[str, int]] = []
    for index in indices:
        record = _read(records, index)
        if record is not None:
            rows.append(_sizes(record, encoders))
        if time.monotonic() > deadline:
            break
    return rows


def _read(records: Records, index: int) -> Record | None:
    try:
        return records.read(index)
    except UNREADABLE:
        return None


def _encoders() -> Mapping[str, Callable[[Pixels], bytes]]:
    made: dict[str, Callable[[Pixels], bytes]] = {"raw": lambda pixels: pixels.tobytes()}
    for name in ENCODED_AS:
        if ENCODINGS[name].available():
            made[name] = partial(_encoded, ENCODINGS.make(name))
    return made


def _encoded(encoding: Encoding, pixels: Pixels) -> bytes:
    return encoding.encode(_Shown(pixels))


def _sizes(record: Record, encoders: Mapping[str, Callable[[Pixels], bytes]]) -> dict[str, int]:
    row = {"payload": len(record.payload)}
    if record.stored_bytes is not None:
        row["stored"] = record.stored_bytes
    if record.pixels is None:
        return row
    made = {name: encode(record.pixels) for name, encode in encoders.items()}
    if image_encoding(bytes(record.payload[:64])) is not None:
        made["original"] = bytes(record.payload)
    row |= {name: len(data) for name, data in made.items()}
    if COMPRESSIONS[COMPRESSION].available():  # of image files it makes nothing smaller
        row[f"raw+{COMPRESSION}"] = len(COMPRESSIONS.make(COMPRESSION).compress(made["raw"]))
    return row


# ---------------------------------------------------------------- from sizes to containers


def estimates(rows: Sequence[Mapping[str, int]], total: int) -> list[SizeEstimate]:
    """What `total` such samples would occupy in each format, the smallest first."""
    images = [row for row in rows if "raw" in row]
    made = [
        _estimate(format, way, np.array([row[way] for row in images if way in row], np.float64), len(images), total)
        for format, entry in FORMATS.items()
        if not entry.refers  # its images lie elsewhere, and take what they take there
        for way in dict.fromkeys(name for row in images for name in row if name not in ("payload", "stored"))
    ]
    return sorted((one for one in made if one is not None), key=lambda one: one.bytes)


def _estimate(format: str, way: str, sizes: Any, images: int, total: int) -> SizeEstimate | None:
    if len(sizes) < images or images == 0:
        return None  # not every image can be stored like this (originals among bare pixels)
    each = FORMATS[format].occupied(sizes)
    mean = float(each.mean())
    margin = Z * float(each.std(ddof=1)) / math.sqrt(len(each)) if 1 < len(each) < total else 0.0
    encoding, _, compression = way.partition("+")
    return SizeEstimate(
        format, encoding, compression or "none", mean * total, max(mean - margin, 0.0) * total, (mean + margin) * total
    )
