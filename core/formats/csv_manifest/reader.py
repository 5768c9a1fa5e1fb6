"""Reading a CSV manifest and the images that it names."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, FieldLayout, Labels
from ...base.errors import InputError
from ..container import reason_of
from ..field_cells import CellReader, columns_of
from ..field_reading import FieldsInContainer, Found
from ..folder import FolderFacts
from ..sample_files import file_blocks, listed_rows, read_file
from .layout import HEADER, HERE, ROOT, manifest_of


class CsvReader(FolderFacts, FieldsInContainer):
    """Reads whole files below one folder, the `root`, and nothing that a link or a path leads to outside of it."""

    def _open(self) -> None:
        self._listing  # noqa: B018 - it is read when it is first asked for

    def _labels(self) -> Labels:
        return self._listing.labels

    @cached_property
    def root(self) -> Path:
        """The folder below which the images lie. Raises InputError where it is not there."""
        named = self.metadata.get(ROOT)
        if named == HERE:
            return self._path
        if not isinstance(named, str) or not Path(named).is_absolute() or "\0" in named:
            raise InputError(f"{self._path} is damaged: its metadata names no folder of images")
        if not Path(named).is_dir():
            raise InputError(
                f"{self._path} lists images in {named}, which is not there any more: put the dataset back, or import "
                "it again and build again"
            )
        return Path(os.path.realpath(named))

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        """Raises InputError that names the image which cannot be read."""
        return [self._file(index) for index in indices]

    def _file(self, index: int) -> bytes:
        path = f"{self.root}/{self._listing.path(index)}"
        try:
            return read_file(path)
        except OSError as error:
            gone = "; it was moved or deleted since: put it back, or build again"
            reason = f"{reason_of(error)}{gone if isinstance(error, FileNotFoundError) else ''}"
            raise InputError(f"sample {index} of {self._path} cannot be read: {path}: {reason}") from None

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        return self._cells.read(indices, layouts)

    @cached_property
    def _cells(self) -> CellReader:
        return CellReader(manifest_of(self._path), self.field_layouts(), HEADER, len(self))

    def _key(self, index: int) -> str:
        return self._listing.path(index)

    def _stored_bytes(self, index: int) -> int:
        """The blocks of its file, wherever that lies."""
        return file_blocks(self.root / self._key(index))

    @cached_property
    def _listing(self) -> _PathList:
        further = [column.name for column in columns_of(self.field_layouts(), HEADER)]
        with listed_rows(manifest_of(self._path), HEADER, further) as rows:
            listing = _PathList.of(rows, str(self.root))
        for folder in listing.folders:
            if os.path.realpath(self.root / folder) != os.path.normpath(self.root.resolve() / folder):
                raise InputError(f"{self.root / folder} is or lies behind a link, which is not followed")
        return listing


@dataclass(frozen=True)
class _PathList:
    """The manifest: paths below the root, one behind the other in `text`, with `ends` int64 (n,); `folders` are all
    that they lie in."""

    labels: Labels
    text: bytes
    ends: npt.NDArray[np.int64]
    folders: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[list[str]], root: str) -> _PathList:
        """Raises ValueError for a line that does not follow the layout."""
        labels, ends, text = array("q"), array("q"), bytearray()
        folders: set[str] = set()
        for path, label in _relative(rows, root):
            labels.append(label)
            text += path.encode()
            ends.append(len(text))
            folders.add(path.rpartition("/")[0])
        return cls(_numbers(labels), bytes(text), _numbers(ends), frozenset(folders))

    def path(self, index: int) -> str:
        """Raises IndexError for a sample that is not there."""
        begin = int(self.ends[index - 1]) if index else 0
        return self.text[begin : int(self.ends[index])].decode()


def _relative(rows: Iterable[list[str]], root: str) -> Iterator[tuple[str, int]]:
    """Path below the root and label of each line."""
    for number, (path, label, _) in enumerate(rows, 2):
        below = path.removeprefix(f"{root}/") if path.startswith("/") else path
        if "\0" in below or any(part in ("", ".", "..") for part in below.split("/")):
            raise ValueError(f"line {number} leads outside of {root}: {path!r}")
        yield below, int(label)


def _numbers(values: array[int]) -> npt.NDArray[np.int64]:
    return np.frombuffer(values, np.int64) if values else np.empty(0, np.int64)
