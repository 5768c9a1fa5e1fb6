"""Writing a CSV manifest."""

from __future__ import annotations

import csv
import dataclasses
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path

from ...base.contracts import Buffer, Contents
from ...base.names import folders
from ..field_cells import CellWriter
from ..field_layouts import FieldsToWrite
from ..folder import write_facts
from ..sample_files import write_file
from .layout import HEADER, HERE, IMAGES, ROOT, manifest_of


class ManifestWriter(ABC):
    """Writes a line a sample. `root`: the folder below which the images lie, as the metadata names it."""

    root = HERE

    def __init__(self, path: Path, contents: Contents) -> None:
        fields = FieldsToWrite.of(contents)
        self._path, self._contents = path, fields.told_in(contents) if fields else contents
        path.mkdir(parents=True)
        self._cells = CellWriter(path, fields, HEADER) if fields else None
        self._listed = 0
        self._file = manifest_of(path).open("w", newline="", encoding="utf-8")
        self._lines = csv.writer(self._file, lineterminator="\n")
        if fields:  # texts, of which Python else quotes carriage returns only where they end lines
            self._lines = csv.writer(self._file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        self._lines.writerow([*HEADER, *(self._cells.header if self._cells else ())])

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        classes = self._contents.classes
        paths = self._paths(payloads, labels, suffixes)
        further = repeat(()) if self._cells is None else self._cells.rows(self._listed, len(labels))
        for path, label in zip(paths, labels, strict=True):
            self._lines.writerow((path, label, classes[label], *next(further)))
        self._listed += len(labels)

    def close(self) -> None:
        self._file.close()
        metadata = {**self._contents.metadata, ROOT: self.root}
        write_facts(self._path, dataclasses.replace(self._contents, metadata=metadata))

    def abort(self) -> None:
        with suppress(OSError):  # what is still to be flushed is rubbish
            self._file.close()

    @abstractmethod
    def _paths(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> Iterable[str]:
        """What the manifest calls these samples."""


class CopyWriter(ManifestWriter):
    """Writes a file a sample, `images/<class>/<number><ending>`."""

    def __init__(self, path: Path, contents: Contents) -> None:
        super().__init__(path, contents)
        self._folders = [f"{IMAGES}/{folder}" for folder in folders(contents.classes).values()]
        for folder in self._folders:
            (path / folder).mkdir(parents=True)
        self._written = 0

    def _paths(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> Iterable[str]:
        for payload, label, suffix in zip(payloads, labels, suffixes, strict=True):
            relative = f"{self._folders[label]}/{self._written:08d}{suffix}"
            write_file(f"{self._path}/{relative}", payload)
            self._written += 1
            yield relative


class ReferenceWriter(ManifestWriter):
    """Names the files that the payloads are; writes none."""

    def __init__(self, path: Path, contents: Contents, absolute: bool) -> None:
        super().__init__(path, contents)
        assert contents.rows is not None
        self.root = os.path.realpath(contents.rows.root)
        self._before = f"{self.root}/" if absolute else ""
        self._rows = iter(contents.rows)

    def _paths(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> Iterable[str]:
        """The samples come in the order of the dataset; reading back finds where they do not."""
        assert self._contents.rows is not None
        for _ in labels:
            row = next(self._rows, None)
            if row is None:  # an estimate writes some of them several times
                self._rows = iter(self._contents.rows)
                row = next(self._rows)
            yield f"{self._before}{row.path}"
