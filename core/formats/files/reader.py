"""Reading a folder of files."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...base.contracts import Buffer, FieldLayout, Labels
from ...base.errors import InputError
from ..field_cells import CellReader, columns_of
from ..field_reading import FieldsInContainer, Found
from ..folder import FolderFacts
from ..sample_files import file_blocks, listed_rows, read_file
from .layout import HEADER, MANIFEST


class FilesReader(FolderFacts, FieldsInContainer):
    """Reads whole files; holds the list of paths, no handles. Nothing that a link leads to is read."""

    def _open(self) -> None:
        self._listing  # noqa: B018 - it is read when it is first asked for

    def _labels(self) -> Labels:
        return self._listing.labels

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        root, path_of = str(self._path), self._listing.path
        return [read_file(f"{root}/{path_of(index)}") for index in indices]

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        return self._cells.read(indices, layouts)

    @cached_property
    def _cells(self) -> CellReader:
        return CellReader(self._path / MANIFEST, self.field_layouts(), HEADER, len(self))

    def _key(self, index: int) -> str:
        return self._listing.path(index)

    def _stored_bytes(self, index: int) -> int:
        """The blocks of its file."""
        return file_blocks(self._path / self._key(index))

    @cached_property
    def _listing(self) -> _SampleList:
        further = [column.name for column in columns_of(self.field_layouts(), HEADER)]
        with listed_rows(self._path / MANIFEST, HEADER, further) as rows:
            listing = _SampleList.of(rows)
        self._check_folders(listing)
        return listing

    def _check_folders(self, listing: _SampleList) -> None:
        """Raises InputError for a class's folder that is a link: its files would lie somewhere else."""
        for folder in set(listing.folders.values()):
            if (self._path / folder).is_symlink():
                raise InputError(f"{self._path / folder} is a link, which is not followed: put the folder itself there")


@dataclass(frozen=True)
class _SampleList:
    """The manifest in nine bytes per sample: a path is its class's folder, its number and one of a few endings."""

    labels: Labels
    endings: bytes
    folders: Mapping[int, str]
    known_endings: list[str]

    @classmethod
    def of(cls, rows: Iterable[list[str]]) -> _SampleList:
        """Raises ValueError for a line that does not follow the layout."""
        labels, endings = array("q"), bytearray()
        folders: dict[int, str] = {}
        known: dict[str, int] = {}
        for number, (path, label, _) in enumerate(rows):
            folder, _, name = path.rpartition("/")
            if name[:8] != f"{number:08d}" or "\0" in path or folders.setdefault(int(label), folder) != folder:
                raise ValueError(f"line {number + 2} names {path!r}")
            if folder in ("", ".", "..") or "/" in folder or "\\" in path:
                raise ValueError(f"line {number + 2} leads outside of its folder: {path!r}")
            labels.append(int(label))
            endings.append(known.setdefault(name[8:], len(known)))
        return cls(np.frombuffer(labels, np.int64), bytes(endings), folders, list(known))

    def path(self, index: int) -> str:
        """Raises IndexError for a sample that is not there."""
        return f"{self.folders[int(self.labels[index])]}/{index:08d}{self.known_endings[self.endings[index]]}"
