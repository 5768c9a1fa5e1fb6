"""Files on disk as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ...base.errors import InputError
from ..shards import ShardOptions
from ..walk import bytes_below
from .layout import RESERVED
from .reader import FilesReader
from .writer import FilesWriter


@dataclass(frozen=True)
class FilesFormat(ShardOptions):
    """A folder that any file manager can look into."""

    ending = ""

    def check(self, contents: Contents) -> None:
        """Raises InputError for a class called like one of our own files."""
        taken = RESERVED.intersection(contents.classes)
        if taken:
            raise InputError(f"a class called {min(taken)!r} would stand where this format keeps a file of that name")

    def writer(self, path: Path, contents: Contents) -> FilesWriter:
        return FilesWriter(path, contents)

    def reader(self, path: Path) -> FilesReader:
        return FilesReader(path)

    def used_bytes(self, path: Path) -> int:
        """The sum of the files' sizes."""
        return bytes_below(path)
