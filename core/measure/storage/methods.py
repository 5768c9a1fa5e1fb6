"""What a storage method is, and which methods there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from ...base.contracts import Pixels, Shape, Sizes
from .images import SourceImages

WRITE_ONE, WRITE_MANY = "write-one", "write-many"
READ_ONE, READ_ONE_RANDOM = "read-one", "read-one-random"
READ_MANY, READ_MANY_RANDOM = "read-many", "read-many-random"

SYNCED = "-synced"
"""Added to a write's name: the same write until the disk says that it has it all."""

OPERATIONS = (
    WRITE_ONE,
    WRITE_ONE + SYNCED,
    WRITE_MANY,
    WRITE_MANY + SYNCED,
    READ_ONE,
    READ_ONE_RANDOM,
    READ_MANY,
    READ_MANY_RANDOM,
)

TUTORIAL = "tutorial"
"""The variant that is a tutorial's own code."""


class WriteStep(NamedTuple):
    """How far a write has come: images written, and the seconds of it that went into encoding and compressing them."""

    done: int
    encoding_s: float = 0.0


Batch = Iterable[tuple[Pixels, int]]
"""Some images that were read, in the order that was asked for: uint8 (height, width, 3) and label."""


class StorageMethod(Protocol):
    """One storage method: a format and a variant.

    `layouts` names the writes it knows and, for each, the reads that what it wrote serves. `write` and `read` are
    timed step by step: whatever may be prepared beforehand happens before they return their iterator.
    """

    @property
    def format(self) -> str: ...

    @property
    def variant(self) -> str: ...

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]: ...

    @property
    def includes(self) -> str:
        """What the time of a write and of a read covers, in words."""
        ...

    def memory_bytes(self, layout: str, images: SourceImages, count: int) -> int:
        """What it holds in memory at once for `count` images."""
        ...

    def write(self, layout: str, folder: Path, images: SourceImages, count: int) -> Iterator[WriteStep]:
        """Write the first `count` images into the empty `folder`."""
        ...

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        """Read these images of what `write` left in `folder`, each once, in this order."""
        ...

    def expected(self, images: SourceImages, number: int) -> int:
        """XXH3-64 of the pixels that must come back for a distinct image."""
        ...

    def sizes(self, folder: Path, images: SourceImages, count: int) -> Sizes:
        """The four sizes of what `write` left in `folder`."""
        ...


class TutorialMethod(StorageMethod, Protocol):
    """A method that is a tutorial's own code, which cannot keep everything."""

    def why_not(self, shapes: Sequence[Shape], classes: int) -> str:
        """Why images of these shapes and so many classes cannot be kept so, or nothing."""
        ...


def name_of(method: StorageMethod) -> str:
    """format/variant, as stores are called."""
    return f"{method.format}/{method.variant}"
