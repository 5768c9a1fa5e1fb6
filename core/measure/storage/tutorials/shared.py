"""What the tutorial's three methods have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ....base.contracts import Shape, Sizes
from ....formats.walk import files_below
from ..images import SourceImages
from ..methods import TUTORIAL, WRITE_ONE

STEP = 64
"""Images between two looks at the clock."""


@dataclass(frozen=True)
class Tutorial:
    """What the three share."""

    variant = TUTORIAL

    def why_not(self, shapes: Sequence[Shape], classes: int) -> str:
        """Why images of these shapes and so many classes cannot be kept so, or nothing."""
        return ""

    def expected(self, images: SourceImages, number: int) -> int:
        return images.checksums[number]

    def memory_bytes(self, layout: str, images: SourceImages, count: int) -> int:
        """Everything at once: the tutorial's functions take and return whole lists."""
        return count * images.pixel_bytes * (1 if layout == WRITE_ONE else 2)


def parts_of(indices: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(indices)
    while part := list(islice(rest, STEP)):
        yield part


def sizes_of(folder: Path, payload: int, used: int | None) -> Sizes:
    """Of all files in a folder; where nothing says what is in use inside of them, all of them is."""
    found = list(files_below(folder))
    apparent = sum(status.st_size for status in found)
    allocated = sum(getattr(status, "st_blocks", -(-status.st_size // 512)) * 512 for status in found)
    return Sizes(payload, apparent if used is None else used, allocated, apparent, len(found))
