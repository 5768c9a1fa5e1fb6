"""Reads a foreign file for a loader: bare images as views of a map of this process's own, all others through the file's
reader process, many in one call. Nothing of the file is parsed here."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from ..base.contracts import Buffer, Extents, Labels
from ..base.errors import InputError
from ..formats.container import MappedContainerReader
from ..formats.handles import PerProcess
from ..formats.joined_maps import JoinedFiles, can_join, mapped_together
from ..formats.maps import release_pages
from ..processes.cpus import usable_cpus
from .files import InspectedFile
from .place_table import FILE, FORM, LENGTH, OFFSET, PlaceTable
from .places.form import ImageForm
from .requests import ImageBytesRequest

LOOKED_AT = 8
"""Files whose size and time of change are compared at a time."""

Opener = Callable[[], InspectedFile]

Stamp = tuple[int, int, int]
"""Size, time of change and inode; zeros for a file that is gone."""


class PlacedReader(MappedContainerReader):
    """See `core.base.contracts.Reader`.

    form: in which every payload is handed out; None: as an image file. labels: of all records. open: the file in a
    reader process of its own. stamps: of the files, from before their images' places were told (`stamps_of`).
    """

    def __init__(
        self,
        path: Path,
        files: Sequence[Path],
        table: PlaceTable,
        form: ImageForm | None,
        labels: Labels,
        open: Opener,
        stamps: Sequence[Stamp],
    ) -> None:
        super().__init__(path)
        self._files = tuple(files)
        self._table = table
        self._form = form
        self._own_labels = labels
        self._open_file = open
        self._stamps = tuple(stamps)
        self._looked_at = 0
        self._maps = PerProcess(partial(_mapped, self._files))
        self._readers: PerProcess[Readers] = PerProcess(partial(Readers, open))

    def changed(self) -> str:
        """What became of the files since they were opened, to stand in a sentence; nothing where they are as they were.
        Of very many files some are looked at each time."""
        count = min(LOOKED_AT, len(self._files))
        for place in range(self._looked_at, self._looked_at + count):
            number = place % len(self._files)
            if _stamp(self._files[number]) != self._stamps[number]:
                return f"has changed since it was opened ({self._files[number].name} is another one now): open it again"
        self._looked_at += count
        return ""

    def mapped_files(self) -> Sequence[Path]:
        return self._files

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        if self.bare.any():
            release_pages(self._memory)

    def close(self) -> None:
        readers = self._readers.take()
        if readers is not None:
            readers.close()
        self._maps.take()

    def __reduce__(self) -> tuple[Any, ...]:
        return PlacedReader, (
            self._path,
            self._files,
            self._table,
            self._form,
            self._own_labels,
            self._open_file,
            self._stamps,
        )

    # ---- what the base asks for

    def _open(self) -> None:
        self._check_unchanged()

    def _labels(self) -> Labels:
        return self._own_labels

    def _metadata(self) -> Mapping[str, Any]:
        return {}

    def _dictionary(self) -> bytes | None:
        return None

    def _key(self, index: int) -> str:
        return str(self._readers.get().ask_one(lambda file: file.sample(self._table.record(index))).about["key"])

    def _stored_bytes(self, index: int) -> int:
        return max(int(self._table.places[index, LENGTH]), 0)

    def _extents_of_all(self) -> Extents | None:
        """Images that do not lie bare have no bytes there: whoever finds that asks `read` for them."""
        if not self.bare.any():
            return None
        self._check_unchanged()
        return Extents(self._memory, self._offsets, self._lengths)

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        chosen = np.asarray(indices, np.int64)
        bare = self.bare[chosen]
        if not bare.all():
            return self._mixed(chosen.tolist(), bare.tolist())
        return self._views(chosen)

    # ---- images that lie bare

    def _views(self, chosen: np.ndarray[Any, Any]) -> list[Buffer]:
        memory = self._memory.data
        starts = self._offsets[chosen]
        ends = starts + self._lengths[chosen]
        return [memory[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    @property
    def _memory(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return self._maps.get().memory

    @cached_property
    def bare(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which images lie bare in the form that is handed out."""
        form, offset = self._table.places[:, FORM], self._table.places[:, OFFSET]
        fits = np.array([self._is_handed_out(one) for one in self._table.forms] + [False], bool)
        return np.asarray((offset >= 0) & fits[form] & can_join(len(self._files)))

    def _is_handed_out(self, form: ImageForm) -> bool:
        return not form.is_pixels if self._form is None else form == self._form

    @cached_property
    def _offsets(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        starts = self._maps.get().starts
        file, offset = self._table.places[:, FILE], self._table.places[:, OFFSET]
        return np.where(self.bare, offset + starts[np.where(self.bare, file, 0)], 0)

    @cached_property
    def _lengths(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.where(self.bare, self._table.places[:, LENGTH], 0)

    def _check_unchanged(self) -> None:
        """Raises InputError where a file is not what it was when its images' places were told."""
        for file, stamp in zip(self._files, self._stamps, strict=True):
            if _stamp(file) != stamp:
                raise InputError(f"{file} has changed since it was opened: open it again")

    # ---- images that do not

    def _mixed(self, chosen: list[int], bare: list[bool]) -> list[Buffer]:
        asked = [self._table.record(index) for index, there in zip(chosen, bare, strict=True) if not there]
        handed = iter(self._readers.get().images(asked))
        rest = [index for index, there in zip(chosen, bare, strict=True) if there]
        views = iter(self._views(np.array(rest, np.int64)) if rest else ())
        return [next(views) if there else self._as_handed_out(index, *next(handed))
                for index, there in zip(chosen, bare, strict=True)]  # fmt: skip

    def _as_handed_out(self, index: int, form: ImageForm | None, data: bytes) -> Buffer:
        """Raises ValueError for a record without an image, or one of another shape than all others."""
        if form is None:
            raise ValueError(data.decode("utf-8", "replace"))
        if form.is_pixels and form.size != len(data):
            raise ValueError("its reader's answer does not fit together")
        if self._form is None:
            return b"P6 %d %d 255\n" % (form.width, form.height) + data if form.is_pixels else data
        if not form.is_pixels or form != self._form:
            raise ValueError(f"it is an image of {form.height} x {form.width} pixels, unlike the others")
        return data


class Readers:
    """Reader processes of one file, as many as work at once; each is started when it is needed."""

    def __init__(self, open: Opener) -> None:
        self._open = open
        self._idle: queue.LifoQueue[InspectedFile | None] = queue.LifoQueue()
        self._all: list[InspectedFile] = []
        for _ in range(usable_cpus()):
            self._idle.put(None)

    def images(self, indices: Sequence[int]) -> list[tuple[ImageForm | None, bytes]]:
        """Those of these records, in order. Raises InputError where the reader dies."""
        found: list[tuple[ImageForm | None, bytes]] = []
        while len(found) < len(indices):
            rest = indices[len(found) :]
            answer = self.ask_one(partial(InspectedFile.ask, request=ImageBytesRequest(rest)))
            if not answer:
                raise InputError("a reader process gave no answer")
            found += answer
        return found

    def ask_one(self, question: Callable[[InspectedFile], Any]) -> Any:
        """What one of them answers, when one is idle. One that died is started again for the next question."""
        file = self._idle.get()
        try:
            if file is None:
                file = self._open()
                self._all.append(file)
            answer = question(file)
        except BaseException:
            if file is not None:
                file.close()
            file = None
            raise
        finally:
            self._idle.put(file)
        return answer

    def close(self) -> None:
        for file in self._all:
            file.close()


def _mapped(files: Sequence[Path]) -> JoinedFiles:
    return mapped_together([file.resolve() for file in files])


def stamps_of(files: Sequence[Path]) -> tuple[Stamp, ...]:
    """What tells files from others, and from themselves before they were changed."""
    return tuple(map(_stamp, files))


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except OSError:
        return 0, 0, 0
    return status.st_size, status.st_mtime_ns, status.st_ino
