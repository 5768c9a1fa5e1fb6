"""Writing a folder of files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...base.contracts import Buffer, Contents
from ...base.names import folders
from ..field_cells import CellWriter
from ..field_layouts import FieldsToWrite
from ..folder import write_facts
from ..sample_files import write_file
from .layout import HEADER, MANIFEST


class FilesWriter:
    """Writes a file a sample and a line of the manifest for each."""

    def __init__(self, path: Path, contents: Contents) -> None:
        fields = FieldsToWrite.of(contents)
        self._path = path
        self._contents = fields.told_in(contents) if fields else contents
        self._folders = list(folders(contents.classes).values())
        for folder in self._folders:
            (path / folder).mkdir(parents=True)
        path.mkdir(exist_ok=True)
        self._cells = CellWriter(path, fields, HEADER) if fields else None
        self._file = (path / MANIFEST).open("w", newline="", encoding="utf-8")
        self._manifest = csv.writer(self._file)
        self._manifest.writerow([*HEADER, *(self._cells.header if self._cells else ())])
        self._written = 0

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        root, folders, classes = str(self._path), self._folders, self._contents.classes
        rows: list[list[Any]] = []
        for payload, label, suffix in zip(payloads, labels, suffixes, strict=True):
            relative = f"{folders[label]}/{self._written:08d}{suffix}"
            write_file(f"{root}/{relative}", payload)
            rows.append([relative, label, classes[label]])
            self._written += 1
        if self._cells is not None:
            further = self._cells.rows(self._written - len(rows), len(rows))
            rows = [[*row, *cells] for row, cells in zip(rows, further, strict=True)]
        self._manifest.writerows(rows)

    def close(self) -> None:
        self._file.close()
        write_facts(self._path, self._contents)

    def abort(self) -> None:
        with suppress(OSError):  # what is still to be flushed is rubbish
            self._file.close()
