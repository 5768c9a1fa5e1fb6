"""A file made elsewhere with the face of a store: length, classes, labels, (pixels, label) by index, and a loader."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import rich_display
from ..base.contracts import Buffer, Compression, Encoding, Labels, Pixels, Shape
from ..base.errors import FormatMattersError, InputError
from ..base.extras import needed_by
from ..base.home import Home
from ..base.units import counted
from ..compressions.none import NoCompression
from ..encodings.original import OriginalEncoding
from ..encodings.raw import Raw
from . import kept_index
from .beside import can_be_kept, stamp_beside
from .files import InspectedFile, open_inspected
from .kinds import IdentifiedFile, identify
from .laid_out import LaidOutPixels
from .place_table import FORM, OFFSET, VERSION, PlaceTable, TableInMaking, numbers_of
from .placed_reader import PlacedReader, Stamp, stamps_of
from .places.form import PIXELS, ImageForm
from .requests import ImageBytesRequest, SampleRequest
from .schemas import check_name

if TYPE_CHECKING:
    from ..loading.loader import Loader


class ForeignStore:
    """A file made elsewhere, understood by a reader process. Survives pickling and fork: each process opens its own.

    Where its images lie is asked of the reader once. What lies bare in the file is then read from a map of it, as fast
    as a store built here; what is compressed, pickled in pieces or drawn by a range comes from the reader, which is
    safe rather than fast.
    """

    def __init__(
        self,
        path: Path,
        split: str | None = None,
        schema: str | None = None,
        home: Home | None = None,
        *,
        part: bool = False,
    ) -> None:
        """`split`: what it is called; with `part`, those of the file's records that it says are of this split."""
        self.path = path
        self.split = split or ""
        self._part = self.split if part else ""
        self.schema = schema
        self._home = home or Home.find()
        self._file: InspectedFile | None = None
        self._pid: int | None = None
        self._found: IdentifiedFile = identify(path)
        self._stamps = stamps_of(self._found.files)
        if schema is not None:
            check_name(self._found.kind, schema)
        if self._kept_table is None:
            self.about  # noqa: B018 - what is wrong with the file is said when it is opened

    def __len__(self) -> int:
        return len(self.table) if self._part else int(self._basics["entries"])

    def __repr__(self) -> str:
        return f"<ForeignStore {self.path} ({self._basics['schema']}): {len(self):,} samples>"

    def _repr_html_(self) -> str:
        """What a notebook shows: how the file was understood, and samples from all over it."""
        from ..images.thumbnail import sample_pictures

        facts = {"samples": f"{len(self):,}", "schema": self._basics["schema"], "why": self.why}
        return rich_display.displayed(self.path.name, facts, rich_display.pictures(sample_pictures(self, self.classes)))

    def __getitem__(self, index: int) -> tuple[Pixels, int]:
        """RGB pixels, uint8 (height, width, 3), and the class number (-1 where the file has none).

        Raises:
            IndexError: no such index.
            InputError: the record is no image; the text says why.
        """
        position = range(len(self))[index]
        if not self._placed and not self._part:
            return self._alone(position)
        (payload,) = self.reader.read([position])
        pixels = self._decoded(position, self.encoding, payload)
        return pixels if pixels.flags.writeable else pixels.copy(), int(self.labels[position])

    # ---- what a file says of itself

    @cached_property
    def about(self) -> dict[str, Any]:
        """What its summary says (`inspect`): kind, schema, why, entries, warnings, findings, ..."""
        return self._opened().summary()

    def described(self, record: int) -> dict[str, Any]:
        """What there is to say about a record (the JSON of headless `sample`). Raises InputError."""
        return self._opened().ask(SampleRequest(record)).about

    @property
    def why(self) -> str:
        """What told how it is read, and which way its images come to a loader."""
        return f"{self._basics['why']}; {self.way}"

    @property
    def way(self) -> str:
        """How images come to a loader, in words."""
        lacking = self.table.places[:, FORM] < 0
        bare, without = int(np.count_nonzero(self.reader.bare)), int(np.count_nonzero(lacking))
        told = ["images are read where they lie, from a map of the file"] if bare else []
        if rest := len(self) - bare - without:
            told.append(
                f"{rest:,} of {len(self):,} images do not lie bare in the file, or are drawn by the range of all of "
                "them: these come from its reader process, which is slower (`convert` makes a store of the file)"
            )
        if without:
            first = int(np.argmax(lacking))
            why = dict(self.table.bad).get(self.table.record(first), "")
            told.append(f"{counted(without, 'record')} without an image, the first number {first:,}: {why}")
        return "; ".join(told)

    @cached_property
    def labels(self) -> Labels:
        """The class number of every sample, int64 (n,); -1 where the file has none."""
        if not self._placed and not self._part:
            together = numbers_of(self._opened())
            if together is not None and len(together) == len(self):
                return np.array(together, np.int64)
        return self.table.labels(self.classes)

    @cached_property
    def classes(self) -> list[str]:
        """The names that the file gives; else the labels that occur, as text."""
        if self._basics["classes"]:
            return list(self._basics["classes"])
        numbers = self.table.numbers
        if len(numbers) and (highest := int(numbers.max())) >= 0 and highest < 1 << 20:
            return [str(number) for number in range(highest + 1)]
        return sorted(self.table.texts)

    # ---- what a loader needs

    @cached_property
    def identity(self) -> str:
        """Changes whenever the file does."""
        return kept_index.stamp(self._found)

    @cached_property
    def table(self) -> PlaceTable:
        """Where its images lie. Reads every record once, unless that was done before (`find_places` in steps); on a
        terminal it is shown how far that is where it takes longer."""
        shown = ""
        for done, total in self.find_places():
            if done < total and sys.stderr.isatty():
                shown = f"finding the images of {self.path.name}: {done:,} of {total:,}"
                print(f"\r{shown}", end="", file=sys.stderr, flush=True)
        if shown:
            print(f"\r{' ' * len(shown)}\r", end="", file=sys.stderr, flush=True)
        return self.table

    def find_places(self) -> Iterator[tuple[int, int]]:
        """Find out where its images lie, and keep that: yields (done, total) records about once a second.

        Raises InputError where the file kills its reader, or its reader says what cannot be.
        """
        table = self._kept_table
        if table is None:
            making = TableInMaking(self._opened(), self.about, bool(self._part))
            yield from making.steps()
            table = making.table()
        table.check([_size(file) for file in self._files(table)], self.path)
        if self._kept_table is None:
            self._keep(table)
        self.__dict__["table"] = table.of_split(self._part, self.path) if self._part else table

    @cached_property
    def reader(self) -> PlacedReader:
        files = self._files(self.table)
        return PlacedReader(
            self.path, files, self.table, self._form, self.labels,
            partial(open_inspected, self.path, self.schema, self._home),
            stamps_of(files) if self.table.files else self._stamps,
        )  # fmt: skip

    @cached_property
    def compression(self) -> Compression:
        return NoCompression()

    @cached_property
    def encoding(self) -> Encoding:
        form = self._form
        if form is None:
            return OriginalEncoding()
        return Raw(None, (form.height, form.width, 3)) if form.is_plain else LaidOutPixels(form)

    @property
    def payload_shape(self) -> Shape | None:
        """The shape of every sample's pixels where payloads are bare pixels, RGB, interleaved; else None."""
        return self.encoding.payload_shape

    def loader(self, **settings: Any) -> Loader:
        """Batches of torch tensors; see `core.loading.make_loader` for the settings."""
        with needed_by("a loader"):
            from ..loading import make_loader
        return make_loader(self, **settings)

    def close(self) -> None:
        if "reader" in self.__dict__:
            self.reader.close()
            del self.__dict__["reader"]
        if self._file is not None and self._pid == os.getpid():
            self._file.close()
        self._file, self._pid = None, None

    def __reduce__(self) -> tuple[Callable[..., ForeignStore], tuple[Any, ...]]:
        told = (self.__dict__["table"], self._stamps) if "table" in self.__dict__ else None
        return _reopened, (self.path, self.split, self.schema, self._home, bool(self._part), told)

    @property
    def is_placed(self) -> bool:
        """Whether it is known already where all images lie."""
        return self._placed

    # ---- inside

    @property
    def _placed(self) -> bool:
        """Whether it is known already where all images lie."""
        return "table" in self.__dict__ or self._kept_table is not None

    def _alone(self, position: int) -> tuple[Pixels, int]:
        """One sample from the reader process, before anything is known of the others."""
        ((form, data),) = self._opened().ask(ImageBytesRequest([position]))
        if form is None:
            told = data.decode("utf-8", "replace")
            raise InputError(f"sample {position} of {self.path} cannot be read: {told}")
        shape = (form.height, form.width, 3)
        pixels = self._decoded(position, Raw(None, shape) if form.is_pixels else OriginalEncoding(), data)
        (label,) = self._opened().labels(position, position + 1)
        number = int(self.labels[position]) if isinstance(label, str) else -1 if label is None else label
        return pixels.copy(), number

    def _decoded(self, position: int, encoding: Encoding, payload: Buffer) -> Pixels:
        try:
            return encoding.decode(payload)
        except ValueError as error:
            raise InputError(f"sample {position} of {self.path} cannot be decoded: {error}") from error

    @cached_property
    def _form(self) -> ImageForm | None:
        """The form in which all images are handed out as pixels; None: as image files."""
        table = self.table
        forms = [table.forms[number] for number in np.unique(table.places[:, FORM]).tolist() if number >= 0]
        if not forms or any(not form.is_pixels for form in forms):
            return None
        if len({(form.height, form.width) for form in forms}) > 1:
            return None
        form: ImageForm = forms[0]
        bare = bool((table.places[table.places[:, FORM] >= 0][:, OFFSET] >= 0).all())
        if len(forms) == 1 and bare:
            return form
        return ImageForm(PIXELS, form.height, form.width)

    def _files(self, table: PlaceTable) -> Sequence[Path]:
        """The files that images lie in. Raises InputError for one that is not in the folder which was opened."""
        if not table.files:
            return self._found.files
        opened = self._found.path
        files = [(opened if opened.is_dir() else opened.parent) / name for name in table.files]
        for name, file in zip(table.files, files, strict=True):
            if "/" in name or "\\" in name or name in ("", ".", "..") or file.is_symlink() or not file.is_file():
                raise InputError(f"{self.path} is not loaded: its reader names {name!r}, no file in that folder")
        return files

    @cached_property
    def _kept_table(self) -> PlaceTable | None:
        path = kept_index.kept(self._home, self._found, self._purpose)
        try:
            return None if path is None else PlaceTable.of_arrays(kept_index.read(path))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @cached_property
    def _purpose(self) -> kept_index.Purpose:
        name = f"places{' and splits' if self._part else ''} {self.schema or ''}"
        return kept_index.Purpose(name, VERSION, stamp_beside(self._found))

    def _keep(self, table: PlaceTable) -> None:
        """A home that cannot be written costs the next opening the same again."""
        with contextlib.suppress(OSError, FormatMattersError):
            if can_be_kept(self._found):
                kept_index.keep(self._home, self._found, table.arrays(), True, self._purpose)

    @property
    def _basics(self) -> dict[str, Any]:
        """kind, schema, why, entries and classes."""
        table = self.__dict__.get("table") or self._kept_table
        return self.about if table is None else dict(table.about)

    def _opened(self) -> InspectedFile:
        if self._file is None or self._pid != os.getpid():
            self._file, self._pid = open_inspected(self.path, self.schema, self._home), os.getpid()
        return self._file


def _reopened(
    path: Path,
    split: str,
    schema: str | None,
    home: Home,
    part: bool,
    told: tuple[PlaceTable, tuple[Stamp, ...]] | None,
) -> ForeignStore:
    """A copy that came through pickle: what is known of the file comes with it, if that is still the same."""
    made = ForeignStore.__new__(ForeignStore)
    if told is not None and stamps_of(identify(path).files) == told[1]:
        made.__dict__ |= {"_kept_table": told[0], "table": told[0]}
    made.__init__(path, split, schema, home, part=part)  # type: ignore[misc]
    return made


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
