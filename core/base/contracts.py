"""The types between the stages. No code runs here but what states a type.

A sample travels: source -> encoding -> compression -> format -> (disk) -> format -> compression -> encoding
-> loading. Encodings know pixels and nothing of where a payload is kept; formats keep payloads and never look into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ..images.value_range import ValueRange

Pixels = npt.NDArray[np.uint8]
"""RGB, uint8, shape (height, width, 3), C-contiguous, upright."""

Labels = npt.NDArray[np.int64]
"""Class numbers, shape (n,)."""

Buffer = bytes | memoryview
"""A payload: bytes, or a read-only view into a map (valid while its reader is open)."""

Shape = tuple[int, int, int]
"""(height, width, channels)."""

MAX_PAYLOAD = 1 << 30
"""1 GiB; what claims to be a larger payload is refused before memory is taken for it."""


FieldValue = str | int | float | bool | bytes | npt.NDArray[Any] | list[Any] | dict[str, Any] | None
"""A further value of a sample; see `Field` for what each kind holds. None where a sample has none of this name."""


class Field(NamedTuple):
    """A named value that samples have beside image and label.

    kind: "text" (str), "integer" (int), "number" (float), "array" (numbers of any shape: a vector, boxes (n, 4)),
    "image" (bytes of an image file: a mask, a second camera) or "json" (lists of labels, and whatever else is plain).
    """

    name: str
    kind: str


class FieldLayout(NamedTuple):
    """What all values of a field have in common, as a store keeps it.

    dtype, shape: of an "array" whose values are of one NumPy dtype ("<f4") and one number of axes; an axis is None
    where its length differs. Of a "json" whose values all are flat lists, dtype is what these hold: "text", "integer"
    or "number". "" and None otherwise.
    size: bytes of all values together, texts in UTF-8 and arrays as .npy files; numbers: of all arrays together.
    missing: whether some sample has no value. longest: bytes of the longest value. finite: whether arrays hold neither
    NaN nor infinity.
    """

    name: str
    kind: str
    dtype: str = ""
    shape: tuple[int | None, ...] | None = None
    size: int = 0
    numbers: int = 0
    missing: bool = False
    longest: int = 0
    finite: bool = True


# ---------------------------------------------------------------- sources


class Place(NamedTuple):
    """Where an image lies that was imported by reference.

    source: the number of its `ReferencedSource`. The image file is the whole file at the row's path below the root of
    the references (`offset` and `record` -1), or begins at `offset` of the source's file and has as many bytes as the
    row says, or is made of record `record` of the source, which is read in a process of its own.
    """

    source: int
    offset: int = -1
    record: int = -1


class ReferencedSource(NamedTuple):
    """A folder or file that images lie in, by its path below the root of the references ("": the root itself).

    kind, schema: as the Inspector opens it, where records are read from it; "" for files that are read as they are.
    size, mtime_ns: of a file, in bytes and nanoseconds; -1 for folders. options: plain JSON, as text, for what reads
    records.
    """

    path: str
    kind: str = ""
    schema: str = ""
    size: int = -1
    mtime_ns: int = -1
    options: str = ""


class Skipped(NamedTuple):
    """An image that was left out, and why, in words."""

    path: str
    reason: str


class Row(NamedTuple):
    """One image of an imported dataset, as its index knows it.

    `path` is relative to the dataset's folder, with forward slashes; `checksum` is XXH3-64 of the file's
    bytes, `pixel_checksum` XXH3-64 of the decoded RGB pixels (`core.images.pixels.decode` with
    the dataset's range of values), both as unsigned integers, and 0 where they are not known. An image that was not
    copied has a `place`; its path is below the root of the references, or only a name where it is no file of its own.
    """

    position: int
    path: str
    label: int
    bytes: int
    height: int
    width: int
    checksum: int
    pixel_checksum: int
    place: Place | None = None


# ---------------------------------------------------------------- encodings and compressions


class Original(Protocol):
    """An image on its way to an encoding: the file's bytes, and its pixels, decoded when first asked for."""

    @property
    def data(self) -> bytes: ...

    @property
    def pixels(self) -> Pixels: ...


class Encoding(Protocol):
    """Pixels to bytes and back. A frozen dataclass whose fields are its options."""

    @property
    def lossless(self) -> bool:
        """Whether `decode` gives back exactly the source's pixels."""
        ...

    def bind(self, shapes: Iterable[Shape], values: ValueRange = ...) -> Encoding:
        """This encoding for a dataset of these shapes and this range of values. Raises InputError where it cannot."""
        ...

    @property
    def payload_shape(self) -> Shape | None:
        """The shape of every payload's pixels where payloads are bare pixels of one shape; else None."""
        ...

    def suffix(self, payload: Buffer) -> str:
        """The ending of a file that holds this payload, with its dot."""
        ...

    def encode(self, image: Original) -> bytes: ...

    def decode(self, payload: Buffer) -> Pixels:
        """Raises ValueError for a payload that is not what this encoding writes."""
        ...


@runtime_checkable
class Rearranged(Protocol):
    """What an encoding may be as well: one whose payloads are bare pixels of one shape that lie otherwise than
    interleaved RGB, as planes or in grey."""

    @property
    def pixels_shape(self) -> Shape: ...

    @property
    def stored_size(self) -> int:
        """Bytes of each payload."""
        ...

    def interleave(self, payloads: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Payloads, uint8 (n, stored_size), as interleaved RGB, uint8 (n, height x width x 3), C-contiguous."""
        ...


class Compression(Protocol):
    """Bytes to fewer bytes and back, payload by payload. A frozen dataclass whose fields are its options."""

    @property
    def suffix(self) -> str:
        """What a file's ending gains: ".zst", or nothing."""
        ...

    @property
    def dictionary(self) -> bytes | None:
        """What must be kept beside the payloads to read them."""
        ...

    @property
    def learns(self) -> bool:
        """Whether `train` makes use of what it is given."""
        ...

    def train(self, payloads: Sequence[bytes]) -> Compression:
        """This compression after it has seen a sample of the payloads."""
        ...

    def with_dictionary(self, dictionary: bytes | None) -> Compression:
        """This compression with the dictionary that a container kept."""
        ...

    @property
    def identity(self) -> bool:
        """Whether `compress` and `decompress` hand back what they are given."""
        ...

    def compress(self, payload: Buffer) -> bytes: ...

    def decompress(self, payload: Buffer) -> Buffer:
        """Raises ValueError for bytes that do not decompress, or to more than a payload may be."""
        ...


# ---------------------------------------------------------------- formats


class ImportedRows(Protocol):
    """The imported images of a split, in order, for formats that keep more of them than payload and label."""

    @property
    def root(self) -> Path:
        """The dataset's folder; the rows' paths are below it."""
        ...

    @property
    def untouched(self) -> bool:
        """Whether a payload is the bytes of the file at its row's path, as they are."""
        ...

    def __iter__(self) -> Iterator[Row]: ...

    def sizes(self) -> Iterator[tuple[int, int]]:
        """(height, width) of each alone, which costs a fraction of its row."""
        ...

    @property
    def fields(self) -> tuple[Field, ...]:
        """The further values that samples have."""
        ...

    def field_values(self, start: int = 0) -> Iterator[Mapping[str, FieldValue]]:
        """Those of each sample from `start` on, in order; a sample lacks the names that it has no value of."""
        ...


class SplitPart(NamedTuple):
    """Which part of a split a container is: number `number` of `parts`, whose first sample is the split's `first`."""

    number: int
    parts: int
    first: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a container is told about its payloads before the first one comes.

    `payload_shape`: the pixels' shape where every stored payload is bare uint8 pixels of it; else None (sizes differ).
    `total_bytes`: the sum of the payloads' sizes where it is known beforehand, else None.
    `metadata`: plain JSON that the container keeps with the payloads.
    `rows`: the images that the payloads are made of, None where they come from nowhere. `fields`: the layouts of their
    fields where they are known beforehand. `part`: where this container is a shard of a split, which one; `samples`,
    `total_bytes` and `rows` are its own then.
    """

    samples: int
    classes: tuple[str, ...]
    payload_shape: Shape | None = None
    total_bytes: int | None = None
    dictionary: bytes | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    rows: ImportedRows | None = None
    fields: tuple[FieldLayout, ...] = ()
    part: SplitPart | None = None

    @property
    def first(self) -> int:
        """The number that the first sample has in its split."""
        return self.part.first if self.part else 0


class Writer(Protocol):
    """Fills one new container. `close` completes it; without `close` it is rubbish to be deleted."""

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        """Append samples in order. `suffixes` are file endings for formats that keep files."""
        ...

    def close(self) -> None: ...

    def abort(self) -> None:
        """Let go of every handle; the container is not completed."""
        ...


class Reader(Protocol):
    """Serves payloads of one container.

    Opened on first use in each process, safe after fork and pickling (a copy reopens for itself), usable from
    several threads at once. `read` serves many indices in one call and hands out views where the format can;
    they stay valid while the reader is open.
    """

    def __len__(self) -> int: ...

    @property
    def labels(self) -> Labels: ...

    @property
    def metadata(self) -> Mapping[str, Any]: ...

    @property
    def dictionary(self) -> bytes | None: ...

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        """The payloads at `indices` (0 <= i < len), in that order; an index may come twice."""
        ...

    def key(self, index: int) -> str:
        """How the container itself calls this sample: a key, a path, a row."""
        ...

    def stored_bytes(self, index: int) -> int:
        """What this sample occupies in the container, overheads of pages, chunks or blocks included."""
        ...

    def release(self) -> None:
        """Give back memory that only serves to read again quickly (pages of a map); views stay valid."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class FieldReader(Protocol):
    """What a reader may be as well: one that gives further values of the samples."""

    def field_layouts(self) -> tuple[FieldLayout, ...]:
        """The fields that the container keeps; none where its samples have nothing but label and image."""
        ...

    def fields(self, indices: Sequence[int], names: Sequence[str] | None = None) -> list[Mapping[str, FieldValue]]:
        """Those of the samples at `indices`, in that order, of all fields or of some; a sample lacks the names that it
        has no value of."""
        ...


class Extents(NamedTuple):
    """Where every stored payload lies in a file that is mapped into memory.

    `memory`: the whole file, uint8 (size,), read-only; `offsets` and `lengths`: int64 (n,), in bytes, in the order of
    the samples. Every extent lies inside `memory`.
    """

    memory: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]


@runtime_checkable
class Mapped(Protocol):
    """A reader whose payloads can be reached without a call a sample."""

    def extents(self) -> Extents | None:
        """Collected on first use and kept; None where the layout does not allow it."""
        ...

    def mapped_files(self) -> Sequence[Path]:
        """The files that `extents().memory` is a map of, one behind the other."""
        ...


@runtime_checkable
class ManyAtOnce(Protocol):
    """What a compression may be as well: one that decompresses many payloads in one call."""

    def decompress_many(self, stored: Extents) -> Sequence[Buffer]:
        """The payloads, in order, other threads running meanwhile. Raises ValueError as `decompress` does."""
        ...


@runtime_checkable
class Watched(Protocol):
    """A reader of a file that others may write to at any time."""

    def changed(self) -> str:
        """What became of the file since it was opened, to stand in a sentence, with the remedy; nothing where it is as
        it was. Cheap enough to be asked once a batch."""
        ...


class Format(Protocol):
    """Bytes on disk: how one split of a store is laid out. A frozen dataclass whose fields are its options."""

    @property
    def ending(self) -> str:
        """What follows the split's name: ".lmdb", ".h5" or nothing."""
        ...

    def check(self, contents: Contents) -> None:
        """Raises InputError where this format, with these options, cannot hold such contents."""
        ...

    def writer(self, path: Path, contents: Contents) -> Writer: ...

    def reader(self, path: Path) -> Reader: ...

    def used_bytes(self, path: Path) -> int:
        """Bytes of pages, chunks or files in use inside the container at `path`."""
        ...


@runtime_checkable
class Referring(Protocol):
    """What a format may be as well: one whose containers may name the imported files in the place of payloads."""

    @property
    def keeps_payloads(self) -> bool:
        """Whether they hold the payloads all the same."""
        ...


@dataclass(frozen=True, slots=True)
class Sizes:
    """The four sizes of a split, in bytes, and its number of files.

    payload: the sum of the samples' stored bytes; used: pages, chunks or files in use; allocated: blocks on the
    disk (st_blocks x 512); apparent: what `ls` says (st_size).
    """

    payload_bytes: int
    used_bytes: int
    allocated_bytes: int
    apparent_bytes: int
    files: int
