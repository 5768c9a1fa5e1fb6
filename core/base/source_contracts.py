"""What an import asks of a source, and what a source hands over. No code runs here but what states a type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from .contracts import FieldValue, Place, ReferencedSource, Skipped

if TYPE_CHECKING:
    from ..images.pixel_choice import PixelChoice
    from .events import Event


@dataclass
class References:
    """What an import by reference refers to: the root of all paths, which is a folder or an address, and the sources
    below it by their number."""

    root: Path | str
    sources: list[ReferencedSource] = field(default_factory=list)


class FoundImage(NamedTuple):
    """An image as a source hands it over: nothing decoded, nothing checked yet.

    `name` is a file name with its ending, unique within split and class; `origin` is what to call the image
    when something is wrong with it (a path, or "data_batch_1 #17"); `fields` are further values of the sample. With a
    `place` the image is not copied; where that is a whole file, `name` is its path below the root of the references.
    Where the request allows it (`Request.unread`), `data` may be empty and is what `file` holds.
    """

    split: str
    class_name: str
    name: str
    data: bytes
    origin: str
    fields: Mapping[str, FieldValue] = {}
    place: Place | None = None
    file: str = ""


class JoinedSample(NamedTuple):
    """A row of a label file ("labels.csv, row 2"), the image that it was joined with, and what it says of it."""

    row: str
    image: str
    split: str
    class_name: str


@dataclass
class Recognition:
    """What a source took its place for: its kind in words (`recognised`) and why.

    `labels` is "folders", "file names", "label file", "none", or "" where the source states them; `notes` are sentences
    about what was guessed or chosen; `unused` is what lies there and is not used; `joined` are some rows of a label
    file, to be shown.

    `choices`: of options whose values are the place's own (a table's columns, a file's schemas), those that there are,
    none where such an option says nothing here; `chosen`: what was taken for an option that was left to be guessed.
    `partial`: in words, what part of the place the figures are of, where it was only looked at (`Request.patience`), ""
    for all of it; `share`: how large that part is.
    """

    recognised: str = ""
    why: str = ""
    labels: str = ""
    notes: list[str] = field(default_factory=list)
    unused: list[Skipped] = field(default_factory=list)
    joined: list[JoinedSample] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    partial: str = ""
    share: float = 1.0


@runtime_checkable
class Previewable(Protocol):
    """What a source may be as well: one that tells, once prepared, what it would bring without handing all over."""

    def cells(self) -> Mapping[tuple[str, str], int]:
        """Images of each (split, class)."""
        ...

    def drawn(self, count: int) -> Iterator[FoundImage | Skipped]:
        """Up to `count` of `images`, spread over splits and classes from the first on."""
        ...

    def total_bytes(self) -> int | None:
        """Bytes of all image files, estimated from some of them; None where the images show it best."""
        ...


@runtime_checkable
class Referable(Protocol):
    """What a source may be as well: one whose images need not be copied.

    It heeds `Request.reference`, and gives each image it finds then a `place`.
    """

    @property
    def references(self) -> References:
        """Complete once all images were handed over."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """What a source may be as well: one that names files (`FoundImage.file`), in the same order each time, so that an
    import that was killed goes on where it was."""

    resumable: bool
    """Whether this one is."""


class Source(Protocol):
    """Where images come from. `classes` and `counts` are known before the first image is handed over."""

    @property
    def recognition(self) -> Recognition:
        """Known after `prepare`."""
        ...

    def prepare(self) -> Iterator[Event]:
        """Whatever has to happen first (download, extract, list); raises InputError for a bad source."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """The classes of all splits together; a class's place among them is its label."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """Images that `images()` will yield, by split ("train", "val", ...)."""
        ...

    def images(self) -> Iterator[FoundImage | Skipped]:
        """Split by split, class by class in the order of `classes`, streamed."""
        ...

    def close(self) -> None:
        """Remove what `prepare` made for the time of the import."""
        ...


@runtime_checkable
class ChoosesPixels(Protocol):
    """What a source may be as well: one that is asked which values are black and white, and which bands are shown."""

    @property
    def pixel_choice(self) -> PixelChoice:
        """Raises InputError for options that choose nothing."""
        ...
