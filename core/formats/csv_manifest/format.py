"""CSV manifests as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ...base.errors import InputError
from ...base.options import option
from ..shards import ShardOptions
from ..walk import bytes_below
from .reader import CsvReader
from .writer import CopyWriter, ManifestWriter, ReferenceWriter


@dataclass(frozen=True)
class CsvFormat(ShardOptions):
    """A list of images, as most first loaders of a study read it."""

    paths: str = option(
        "relative", "relative: to the dataset's folder; absolute: whole paths", choices=("relative", "absolute")
    )
    copy: bool = option(False, "Copy the images beside the manifest; else it names the dataset's own files")
    ending = ""

    @property
    def keeps_payloads(self) -> bool:
        return self.copy

    def check(self, contents: Contents) -> None:
        """Raises InputError for payloads that are no files of the dataset, where nothing is copied."""
        if self.copy and self.paths == "absolute":
            raise InputError("copies lie beside the manifest: leave out paths=absolute, or copy")
        if not self.copy and (contents.rows is None or not contents.rows.untouched):
            raise InputError(
                "a CSV manifest names the dataset's own files on this machine: choose encoding original without a "
                "compression, or copy=true, which writes others beside it"
            )

    def writer(self, path: Path, contents: Contents) -> ManifestWriter:
        self.check(contents)
        return CopyWriter(path, contents) if self.copy else ReferenceWriter(path, contents, self.paths == "absolute")

    def reader(self, path: Path) -> CsvReader:
        return CsvReader(path)

    def used_bytes(self, path: Path) -> int:
        """The sum of the sizes of its own files, not of those that it refers to."""
        return bytes_below(path)
