"""Where image files lie bare in the files that an import refers to: they are then read without the Inspector's process.

The Inspector tells the places (`inspect.place_requests`), and each is compared with the image that the record gave
before it is taken. They are kept on disk while the import works.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..base.contracts import Place, ReferencedSource
from ..base.errors import InputError
from ..base.events import Event, Pace, Progress
from ..base.strict_json import dumps
from ..inspect.export import ExportChoice
from ..inspect.place_requests import ImagePlacesRequest, PlacedImages
from .open_parts import OpenPart

_PLACE = np.dtype([("file", "<i8"), ("offset", "<i8"), ("length", "<i8")])
NOWHERE = -1

Places = np.ndarray[tuple[int], np.dtype[np.void]]


class RecordPlaces:
    """Of the records of all parts. `first`: the number of the source that the first file becomes."""

    def __init__(self, scratch: Path, first: int) -> None:
        self._scratch = scratch
        self._first = first
        self._files: list[Path] = []
        self._numbers: dict[Path, int] = {}
        self._places: dict[int, Places] = {}
        self._descriptors: dict[int, int] = {}

    def find(self, number: int, part: OpenPart) -> Iterator[Event]:
        """Ask for the places of all records of a part; one whose reader breaks at that has none."""
        kept = self._scratch / f"places-{number}.npy"
        places = np.lib.format.open_memmap(kept, "w+", _PLACE, (max(part.entries, 1),))
        places["offset"] = NOWHERE
        self._places[number] = places
        start, pace = 0, Pace()
        while start < part.entries:
            try:
                found = part.export.opened().ask(ImagePlacesRequest(start))
            except InputError:
                places["offset"] = NOWHERE
                return
            self._note(places[start : found.end], part, found)
            if found.end <= start:
                return
            start = found.end
            if pace.due():
                yield Progress("finding images in the file", start, part.entries, "records")

    def _note(self, places: Places, part: OpenPart, found: PlacedImages) -> None:
        """Image files with a place; bare pixels and what lies nowhere are left as they are."""
        files = np.array([self._file(path) for path in _files_of(part, found.files)], np.int64)
        are_files = np.array([not form.is_pixels for form in found.forms] or [False])
        form, file, offset, length = found.table.T[:4]
        bare = (form >= 0) & (offset >= 0) & (file < len(files)) & are_files[form]
        for name, values in (("file", files[file[bare]]), ("offset", offset[bare]), ("length", length[bare])):
            places[name][bare] = values

    def _file(self, path: Path) -> int:
        if path not in self._numbers:
            self._numbers[path] = len(self._files)
            self._files.append(path)
        return self._numbers[path]

    def place(self, part: int, number: int, data: bytes) -> Place | None:
        """Where the image file `data` of a record lies; None where its bytes are not found there."""
        places = self._places.get(part)
        if places is None or places[number]["offset"] < 0 or places[number]["length"] != len(data):
            return None
        file, offset = int(places[number]["file"]), int(places[number]["offset"])
        if file not in self._descriptors:
            self._descriptors[file] = os.open(self._files[file], os.O_RDONLY)
        return (
            Place(self._first + file, offset) if os.pread(self._descriptors[file], len(data), offset) == data else None
        )

    def sources(self, root: Path) -> list[ReferencedSource]:
        """The files, by their paths below `root`."""
        found = []
        for path in self._files:
            status = path.stat()
            below = path.relative_to(root).as_posix()
            found.append(ReferencedSource(below, size=status.st_size, mtime_ns=status.st_mtime_ns))
        return found

    def close(self) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()


def _files_of(part: OpenPart, names: list[str]) -> list[Path]:
    """The files that places are counted in: those of a folder by their names, else those that were opened."""
    found = part.export.opened().found
    if not names:
        return list(found.files)
    folder = found.path if found.path.is_dir() else found.path.parent
    return [folder / name for name in names]


def source_of(part: OpenPart, root: Path, choice: ExportChoice) -> ReferencedSource:
    """A part whose records are read through the Inspector, by its path below `root`."""
    path = part.part.path.absolute()
    status = path.stat() if path.is_file() else None
    size, changed = (-1, -1) if status is None else (status.st_size, status.st_mtime_ns)
    options = dumps({"image": choice.image, "bands": choice.bands})
    schema = part.part.schema or str(part.about["schema"])
    return ReferencedSource(path.relative_to(root).as_posix(), part.kind, schema, size, changed, options)
