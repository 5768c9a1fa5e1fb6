"""What inspecting speaks of: a record as it was read, and what a recognised file can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ..base.contracts import Buffer, Labels, Pixels
from ..base.errors import FormatMattersError
from .array_statistics import Statistics
from .display import Choice

if TYPE_CHECKING:
    from .places.form import ImagePlaces

Label = int | str | None

Vector = npt.NDArray[np.float64]

Array = np.ndarray[Any, Any]

UNREADABLE = (FormatMattersError, ValueError, IndexError, OSError, KeyError, TypeError, RuntimeError)
"""What something broken in a file raises, from whichever library."""


@dataclass(frozen=True, slots=True)
class NamedImage:
    """A further image of one record, with what the file calls it; all else is as in `Record`."""

    name: str
    encoding: str
    payload: Buffer
    pixels: Pixels | None = None
    shape: tuple[int, ...] | None = None
    dtype: str = "uint8"
    problem: str | None = None
    notes: tuple[str, ...] = ()
    display: Mapping[str, Any] | None = None
    file: Buffer | None = None
    array: Array | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file's health. kind: a short name ("crc-wrong"), the same for the same trouble everywhere;
    count: how often it was found; where: the first place or places (key, shard, byte), in words; meaning: what it
    means for who uses the file; remedy: what to do."""

    kind: str
    count: int
    where: str
    meaning: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a file, decoded as far as it can be.

    key: what the file itself calls it; label: a class number or whatever else the file says; encoding: "png", "jpeg",
    "raw", ... or what a non-image value is; payload: the bytes that hold the image (or the value); shape, dtype: as
    they lie in the file, where it says so; pixels: RGB uint8 (height, width, 3), or None with the reason in `problem`;
    stored_bytes: what the container spends on it, where that can be told; text: a value that is no image, to be read;
    values: a vector of numbers (an embedding), float64 (n,), to be drawn; notes: what was chosen to draw the pixels
    (which bands, which range), in sentences; display: the same in numbers (`display.Drawn.to_json`);
    statistics: figures of numbers that are no picture. Of a record of named fields, also image_name: what the file
    calls the image; images: its further images (a mask, the right one of two, other cameras); fields: all its fields,
    name -> plain JSON, a text in the place of what is long; findings: what is wrong with it, counted by a scan.

    For whoever takes the record away: file: the bytes of the image file that the pixels are from, where there is one;
    array: the numbers that they are drawn from, upright, (height, width, channels) of the bands chosen, of their own
    type; whole_fields: what else belongs to the record, by name, plain data in full; label_value: what the file has in
    the place of a label, where `label` says only a part of it.
    """

    key: str
    label: Label
    encoding: str
    payload: Buffer
    pixels: Pixels | None = None
    shape: tuple[int, ...] | None = None
    dtype: str = "uint8"
    stored_bytes: int | None = None
    problem: str | None = None
    text: str | None = None
    values: Vector | None = None
    notes: tuple[str, ...] = ()
    display: Mapping[str, Any] | None = None
    statistics: Statistics | None = None
    image_name: str | None = None
    images: tuple[NamedImage, ...] = ()
    fields: Mapping[str, Any] | None = None
    findings: tuple[Finding, ...] = ()
    file: Buffer | None = None
    array: Array | None = None
    whole_fields: Mapping[str, Any] | None = None
    label_value: Any = None


class Records(Protocol):
    """A file read by one schema. Indices are 0 <= i < len; keys are unique."""

    why: str
    classes: Sequence[str] | None
    warnings: list[str]

    def __len__(self) -> int: ...

    def key(self, index: int) -> str: ...

    def find(self, key: str) -> int | None:
        """The index of a key, or None."""
        ...

    def read(self, index: int) -> Record:
        """Raises ValueError (or InputError) where this record cannot be read at all."""
        ...

    def label(self, index: int) -> Label:
        """The record's label without decoding its pixels."""
        ...

    def numbers(self) -> Labels | None:
        """The class numbers of all records, int64 (n,), where the file keeps them together; else None."""
        ...


@runtime_checkable
class Searchable(Protocol):
    """What `Records` may be as well: keys that are searched faster than by asking for them one by one."""

    def search(self, text: str, how: str, start: int, stop: int) -> Sequence[int]:
        """The indices start <= i < stop, ascending, whose key begins with `text` (`how` "prefix") or has it in it
        ("contains"). Called with windows of a few thousand records, so that a search can be stopped."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """What `Records` may be as well: those that know where they lie, so that several come with one request where each
    would cost one."""

    def will_read(self, indices: Sequence[int]) -> None:
        """These records are read next."""
        ...


@runtime_checkable
class Diagnosed(Protocol):
    """What `Records` and a `File` may be as well: one that knows what is wrong with it and what to do."""

    @property
    def findings(self) -> Sequence[Finding]: ...


@runtime_checkable
class Parted(Protocol):
    """What `Records` may be as well: a file that says which split its records belong to."""

    def split(self, index: int) -> str | None:
        """ "train", "val", "test", or another name of the file's own; None where nothing is said."""
        ...


@runtime_checkable
class Naming(Protocol):
    """What `Records` may be as well: a file whose labels are numbers, with a text beside each that may be the name of
    its class."""

    @property
    def class_name_field(self) -> str | None:
        """The field of these texts; None where there is none."""
        ...

    def class_name(self, index: int) -> str | None:
        """The text beside the label of a record."""
        ...


@runtime_checkable
class Columned(Protocol):
    """What `Records` may be as well: a file that keeps more of each record than what is shown of it, and things that
    belong to no record."""

    def columns(self, index: int) -> Mapping[str, Any]:
        """The further fields of a record."""
        ...

    def left_out(self) -> Sequence[tuple[str, str]]:
        """(name, what it is) of what is neither an image nor a label nor a field of one."""
        ...


@runtime_checkable
class Fielded(Protocol):
    """What `Records` may be as well: records of named fields."""

    @property
    def field_names(self) -> Sequence[str]:
        """The names of the fields that records have, in the file's order."""
        ...


@runtime_checkable
class Placed(Protocol):
    """What `Records` may be as well: those that know where their images lie in the file, which is at `path`.
    labelled: the labels are asked for too; else they are had together."""

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces: ...


class File(Protocol):
    """An open file of one kind, before anything is understood of it. `choice`: how its pictures are to be drawn."""

    @property
    def kind(self) -> str: ...

    choice: Choice

    def structure(self) -> Mapping[str, Any]:
        """Plain JSON about how the file is laid out."""
        ...

    def warnings(self) -> list[str]:
        """What is wrong with the file as a whole."""
        ...


@runtime_checkable
class Chunked(Protocol):
    """What a `File` may be as well: one whose datasets lie in pieces here and there."""

    def chunk_map(self, name: str) -> Mapping[str, Any]:
        """Where a dataset lies: `chunks` ([offset, size, *index] each, at most 4,000, then evenly sampled), `total`,
        `file_bytes`, `contiguous`. Raises InputError for an unknown name."""
        ...


@dataclass(frozen=True, slots=True)
class FilePart:
    """One database of a file that is several: its `name` ("" for the main one), the `view` that is read, the `schema`
    that was asked for, what is `said` of it, and `warnings`."""

    name: str
    view: File
    schema: str | None
    said: str
    warnings: tuple[str, ...] = ()


@runtime_checkable
class SeveralInOne(Protocol):
    """What a `File` may be as well: several databases, by name; one of them alone has none."""

    @property
    def databases(self) -> Mapping[str, File]: ...

    def part(self, wanted: str | None) -> FilePart:
        """The database that is looked at, see `schemas.names` for `wanted`. Raises InputError for an unknown name."""
        ...


@runtime_checkable
class Paged(Protocol):
    """What a `File` may be as well: one that is made of pages of a few kinds."""

    def page_map(self, cells: int) -> Mapping[str, Any]:
        """The file in at most so many parts of equal length: `cells`, the kind of most pages of each ("meta", "branch",
        "leaf", "overflow", "free"), and `pages_each`, how many pages a part has."""
        ...


@runtime_checkable
class Indexed(Protocol):
    """What a `File` may be as well: one in which records are found only by walking through it, once.

    The walk is made in steps, so that it can be watched, stopped and gone on with; what it has noted is kept by the
    caller (`kept_index`) and handed to the next reader. Until it is complete the file holds the records found so far.
    """

    def index_step(self, seconds: float) -> tuple[int, int]:
        """(done, total) in bytes, after walking on for about so long (0: not at all); complete where they are equal."""
        ...

    def index_arrays(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """What the walk has noted up to now, as plain arrays, with all that is needed to go on."""
        ...

    def use_index(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Go on from arrays that were noted before. They may have been changed since: every number is checked before it
        is followed. Raises ValueError (or KeyError) where they are none of this file's; the walk then begins anew."""
        ...


@dataclass(frozen=True, slots=True)
class ReadCost:
    """What one sample costs to read, in bytes touched: alone (`random_bytes`, in `random_reads` places), and where all
    are read in order (`ordered_bytes`, each). said: what is read, in words. A file tells it in its `structure()` as
    "read_cost"."""

    random_bytes: int
    ordered_bytes: int
    said: str
    random_reads: int = 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Schema(Protocol):
    """How images are laid out in files of one kind. A class; its instances are the `Records` of one file."""

    kind: ClassVar[str]

    @classmethod
    def recognise(cls, file: Any) -> Records | None:
        """The file's records, if it is kept this way; `why` of what is returned says what told it."""
        ...
