"""What all sources that read files have in common: they list them first, then hand them over one by one."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, starmap
from pathlib import Path
from typing import ClassVar

from ..base.contracts import Place, ReferencedSource, Skipped
from ..base.errors import InputError
from ..base.names import readable
from ..base.source_contracts import FoundImage, JoinedSample, Recognition, References
from ..base.strict_json import dumps
from ..base.units import counted
from .folder_names import SPLIT_ORDER, in_order
from .kept_fields import as_kept, from_kept
from .limits import Cell
from .listing import SourceFile, SourceListing
from .masks import mask_files
from .pixel_options import PixelOptions
from .request import Request
from .spread import cells_in_turn, in_turn, spread
from .tree import IMAGE_ENDINGS, SourceFolder, SourceTree, folder_changed, image_paths

MAX_FILE_BYTES = 256 << 20
"""A larger file is not taken for an image."""

SIZED = 400
"""Files whose sizes are looked at for an estimate of all."""

NAMED_UNUSED = 20
"""Masks in one folder that are listed by name."""


@dataclass
class ListedFiles(PixelOptions):
    """The part of `core.base.source_contracts.Source` that follows from a listing."""

    resumable: ClassVar[bool] = True
    request: Request | None = None
    recognition: Recognition = field(default_factory=Recognition, init=False, repr=False)
    _listing: SourceListing | None = field(default=None, init=False, repr=False)
    _left_out: list[Skipped] = field(default_factory=list, init=False, repr=False)
    _base: Path = field(default=Path(), init=False, repr=False)
    _every: int = field(default=1, init=False, repr=False)

    def begin(self, seed: int, base: Path | None = None) -> tuple[Request, SourceListing]:
        """Open the listing; everything else comes after. `base`: the images' folder, if not the request's path."""
        assert self.request is not None, "made by core.sources.open_source"
        self._base = base or self.request.place
        self._listing = SourceListing(self.request.scratch, self._base, seed)
        return self.request, self._listing

    def is_listed(self) -> bool:
        """Whether the listing that an import left when it was killed still tells what lies there; it is taken then."""
        request = self.request
        if request is None or not request.resumed:
            return False
        kept = SourceListing.kept(request.scratch, request.place, folder_changed)
        if kept is None:
            return False
        self._base = request.place
        self._listing, told = kept
        fields = json.loads(told)
        left_out, unused = (list(starmap(Skipped, fields.pop(name))) for name in ("left_out", "unused"))
        joined = list(starmap(JoinedSample, fields.pop("joined")))
        self.recognition, self._left_out = Recognition(**fields, unused=unused, joined=joined), left_out
        return True

    def keep_listing(self, tree: SourceTree, files: Iterable[Path] = ()) -> None:
        """Let the listing, which is complete, outlive this process. Nothing may be told of the source afterwards.

        `files`: others that it follows from, label files for one.
        """
        folders: list[tuple[Path, int]] = [(folder.path, folder.changed) for folder in tree.root.walk()]
        folders += [(path, folder_changed(os.fspath(path))) for path in files]
        self.listing.keep(folders, dumps({**vars(self.recognition), "left_out": self._left_out}))

    def look(self, tree: SourceTree, whole: bool = False) -> None:
        """Of what was scanned list only a part, unless the `whole` is needed, where it is only looked at and there is
        much; say so."""
        assert self.request is not None
        if self.request.patience is None:
            return
        self._every = 1 if whole else self.request.patience.every(tree.root.below)
        self.recognition.partial = ""
        if tree.unread:
            unread = counted(tree.unread, "folder was", "folders were")
            self.recognition.partial = f"{unread} not read, because reading all takes long"
        elif self._every > 1:
            self.recognition.partial = f"the figures are estimated from one of {self._every} images"

    @property
    def listing(self) -> SourceListing:
        assert self._listing is not None, "prepare() comes first"
        return self._listing

    def add(
        self,
        split: str,
        class_name: str,
        folder: SourceFolder,
        deep: bool = True,
        group: tuple[str, str] | None = None,
    ) -> None:
        """List a folder's images, and if `deep` all below it, as one class, but for masks beside their images.

        `group`: name and value of a field that all of them have.
        """
        some = -(-(folder.below if deep else folder.images) // self._every)
        found = self.without_masks(folder, islice(image_paths(folder, deep), some))
        self.listing.add(split, class_name, folder.path, found, as_kept(dict([group]) if group else {}))

    def without_masks(self, folder: SourceFolder, paths: Iterable[str]) -> Iterator[str]:
        """The paths that are no masks of others; the masks are noted as unused."""
        masks = 0
        for path, is_mask in mask_files(paths):
            if not is_mask:
                yield path
                continue
            masks += 1
            if masks <= NAMED_UNUSED:
                self.recognition.unused.append(Skipped(readable(path), "by its name a mask of the image beside it"))
        if masks > NAMED_UNUSED:
            more = f"{masks - NAMED_UNUSED:,} more files are masks of images beside them, by their names"
            self.recognition.unused.append(Skipped(readable(folder.path), more))

    def check_found(self, place: Path, there: str = "") -> None:
        """Raises InputError where nothing was listed; `there` says what is there instead."""
        if not self.listing.cells():
            looked = f"looked for files ending in {' '.join(sorted(IMAGE_ENDINGS))}"
            raise InputError(f"no image found in {readable(place)}; {there or looked}")

    @property
    def classes(self) -> Sequence[str]:
        return in_order(class_name for _, class_name in self.listing.cells())

    @property
    def counts(self) -> Mapping[str, int]:
        cells = self.cells()
        found = {split: sum(n for (other, _), n in cells.items() if other == split) for split in SPLIT_ORDER}
        return {split: n for split, n in found.items() if n}

    def make_splits(self, val_fraction: float, seed: int) -> None:
        """Test images with labels serve as val where there is none; else this part of each class is drawn for val."""
        counts, notes = self.counts, self.recognition.notes
        if "test" in counts and "val" not in counts and self.recognition.labels != "none":
            self.listing.rename_split("test", "val")
            notes.append(f"no validation split: the {counts['test']:,} test images serve as val")
        elif set(counts) == {"train"} and val_fraction:
            self.listing.draw_validation(val_fraction)
            if drawn := self.counts.get("val", 0):
                notes.append(
                    f"no validation split: {drawn:,} of {counted(counts['train'], 'image')} were drawn for "
                    f"val, {val_fraction:.0%} of each class (seed {seed})"
                )
        if "train" not in self.counts and self.counts:
            notes.append(f"there are no training images, only {' and '.join(self.counts)}")

    def cells(self) -> Mapping[Cell, int]:
        """Images of each (split, class)."""
        listed, limit = self.listing.cells(), self.request.limit if self.request is not None else None
        if self._every == 1 or (limit is not None and sum(listed.values()) <= limit):
            return listed
        return {cell: n * self._every for cell, n in listed.items()}

    def drawn(self, count: int) -> Iterator[FoundImage | Skipped]:
        """What is left out, then the first images of each split and class in turn; of some of these where they are more
        than `count`."""
        yield from self._left_out[:NAMED_UNUSED]
        cells = self.listing.cells()
        order = [cell for cell in cells_in_turn(list(self.counts), self.classes) if cell in cells]
        files = [self.listing.files(split, [name]) for split, name in spread(order, count)]
        yield from map(self._read, in_turn(files, count))

    def total_bytes(self) -> int | None:
        """Estimated from some of them."""
        sized, size = self.listing.sizes(SIZED)
        return round(size / max(sized, 1) * sum(self.counts.values()))

    def images(self) -> Iterator[FoundImage | Skipped]:
        yield from self._left_out
        classes = self.classes
        for split in self.counts:
            for file in self.listing.files(split, classes):
                yield self._read(file)

    def _read(self, file: SourceFile) -> FoundImage | Skipped:
        assert self.request is not None, "made by core.sources.open_source"
        data = b"" if self.request.unread else read_image_file(file.path)
        origin = file.path if file.path.isascii() else readable(file.path)
        if isinstance(data, str):
            return Skipped(origin, data)
        place = _WHOLE_FILE if self.request.reference else None
        name = file.name if place is None else file.below
        unread = file.path if self.request.unread else ""
        fields = from_kept(file.fields) if file.fields else {}
        return FoundImage(file.split, file.class_name, name, data, origin, fields, place, unread)

    @property
    def references(self) -> References:
        """The folder that was listed, whose files are one source."""
        return References(self._base, [ReferencedSource("")])

    def close(self) -> None:
        if self._listing is not None:
            self._listing.close()


_WHOLE_FILE = Place(0)


def read_image_file(path: str | Path) -> bytes | str:
    """The file's bytes, or in words why it cannot be an image."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a `Path` takes longer to make
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_size <= MAX_FILE_BYTES:
            # Whatever has taken its place since, it can neither block nor be larger.
            descriptor = os.open(path, READING)
            try:
                data = _read_to_end(descriptor, status.st_size)
            finally:
                os.close(descriptor)
            if len(data) <= MAX_FILE_BYTES:
                return data
        return f"{status.st_size:,} bytes, more than {MAX_FILE_BYTES >> 20} MiB: not taken for an image"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


READING = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How a file is opened that may have become a pipe."""


def _read_to_end(descriptor: int, expected: int) -> bytes:
    """What a file holds, about `expected` bytes; up to one more than `MAX_FILE_BYTES`."""
    data = os.read(descriptor, expected + 1)
    while len(data) not in (0, expected) and len(data) <= MAX_FILE_BYTES:
        more = os.read(descriptor, MAX_FILE_BYTES + 1 - len(data))
        if not more:
            break
        data += more
    return data
