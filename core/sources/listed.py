"""What all sources that read files have in common: they list them first, then hand them over one by one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.contracts import FoundImage, Skipped
from core.errors import InputError
from core.names import readable
from core.sources.listing import Listing
from core.sources.request import Request

# fmt: off
IMAGE_ENDINGS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff",
    ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".tga", ".ico",
))
# fmt: on

MAX_FILE_BYTES = 256 << 20
"""A larger file is not taken for an image."""

SPLIT_ORDER = ("train", "val", "test")

Ancestors = frozenset[tuple[int, int]]
"""(device, inode) of the folders above: a link to one of them would lead in circles."""


@dataclass
class ListedFiles:
    """The part of `core.contracts.Source` that follows from a listing."""

    request: Request | None = None
    _listing: Listing | None = field(default=None, init=False, repr=False)
    _left_out: list[Skipped] = field(default_factory=list, init=False, repr=False)

    def begin(self, seed: int) -> tuple[Request, Listing]:
        """Open the listing; everything else comes after."""
        assert self.request is not None, "made by core.sources.open_source"
        self._listing = Listing(self.request.scratch, seed)
        return self.request, self._listing

    @property
    def listing(self) -> Listing:
        assert self._listing is not None, "prepare() comes first"
        return self._listing

    def check_found(self, place: Path) -> None:
        """Raises InputError where nothing was listed."""
        if not self.listing.cells():
            raise InputError(f"no image found in {place}; looked for files ending in {' '.join(sorted(IMAGE_ENDINGS))}")

    @property
    def classes(self) -> Sequence[str]:
        return sorted({class_name for _, class_name in self.listing.cells()})

    @property
    def counts(self) -> Mapping[str, int]:
        cells = self.listing.cells()
        found = {split: sum(n for (other, _), n in cells.items() if other == split) for split in SPLIT_ORDER}
        return {split: n for split, n in found.items() if n}

    def images(self) -> Iterator[FoundImage | Skipped]:
        yield from self._left_out
        for split in self.counts:
            for file in self.listing.files(split):
                data = read_image_file(file.path)
                origin = readable(file.path)
                if isinstance(data, str):
                    yield Skipped(origin, data)
                else:
                    yield FoundImage(split, file.class_name, file.name, data, origin)

    def close(self) -> None:
        if self._listing is not None:
            self._listing.close()


def read_image_file(path: Path) -> bytes | str:
    """The file's bytes, or in words why it cannot be an image."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_size > MAX_FILE_BYTES:
            return f"{status.st_size:,} bytes, more than {MAX_FILE_BYTES >> 20} MiB: not taken for an image"
        return path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def image_files(folder: Path, deep: bool = True, above: Ancestors = frozenset()) -> Iterator[Path]:
    """Files with an image's ending in a folder and, if `deep`, in all below it, in no order.

    Hidden ones are passed over, links followed, never in circles.
    """
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _is_visible(entry.name):
                continue
            if entry.is_dir():
                if deep:
                    yield from image_files(Path(entry.path), deep, above | {here})
            elif os.path.splitext(entry.name)[1].lower() in IMAGE_ENDINGS:  # noqa: PTH122 - a string, not a path
                yield Path(entry.path)


def visible_folders(folder: Path) -> list[Path]:
    """The folders directly below that are not hidden, sorted."""
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir() and _is_visible(entry.name))


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"
