"""Parquet tables of names and labels, read with pyarrow in a process of its own: a foreign file may crash it."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...base.errors import InputError, WorkError
from ...base.names import readable
from ...base.strict_json import dumps
from ...processes.isolated import DiedError, stream
from ...processes.limits import hold_to
from ..tree import IMAGE_ENDINGS
from .json_table import json_row
from .table import MAX_COLUMNS, LabelTable, TableRow

MEMORY = 2 << 30
OPEN_FILES = 64
PATIENCE = 120.0
"""Seconds without a word after which the reading process is given up."""

BATCH = 1_000
"""Rows that come at once."""


LOOKED_AT = 50
"""Rows in which names of images are looked for."""

NAMES = frozenset(("file_name", "filename", "file", "image", "image_id", "id", "path", "name"))


@dataclass
class ParquetTable(LabelTable):
    """A Parquet file without images in it. Columns of bytes are left away."""

    _index: sqlite3.Connection | None = field(default=None, init=False, repr=False)

    def rows(self) -> Iterator[TableRow]:
        if self._index is None:
            self._index = sqlite3.connect("", isolation_level=None)  # a temporary file of SQLite's own
            self._index.execute("CREATE TABLE rows(number INTEGER PRIMARY KEY, kept TEXT)")
            for batch in _told(self.path, read_rows):
                self._index.executemany("INSERT INTO rows(kept) VALUES (?)", ((dumps(values),) for values in batch))
        for number, kept in self._index.execute("SELECT number, kept FROM rows ORDER BY number"):
            yield json_row(number, json.loads(kept))

    def close(self) -> None:
        if self._index is not None:
            self._index.close()


def names_images(path: Path) -> bool:
    """Whether a Parquet file has no images in it, but names of images. Raises InputError for a broken one."""
    return any(_told(path, find_names))


def _told(path: Path, function: Any) -> Iterator[Any]:
    """What a function yields about a file in a process of its own, its ways to fail as sentences."""
    if importlib.util.find_spec("pyarrow") is None:
        raise InputError(f"{readable(path)} is a Parquet file, which pyarrow reads: pip install pyarrow")
    try:
        yield from stream(function, str(path), patience=PATIENCE)
    except (DiedError, WorkError) as error:
        raise InputError(f"{readable(path)} cannot be read as Parquet: {error}") from None


def find_names(path: str) -> Iterator[bool]:
    """Runs in the reading process: True where no column holds bytes, and one of text has image files' names in it, or
    is called as such columns are."""
    file = _opened(path)
    columns = list(file.schema_arrow)
    texts = [one.name for one in columns if "string" in str(one.type)]
    if any(_has_bytes(one.type) for one in columns) or not texts:
        yield False
        return
    first = next((batch for batch in read_rows(path)), [])[:LOOKED_AT]
    cells = [str(row.get(name)) for row in first for name in texts]
    named = any(os.path.splitext(cell)[1].lower() in IMAGE_ENDINGS for cell in cells)  # noqa: PTH122 - a string
    yield named or any(name.lower() in NAMES for name in texts)


def read_rows(path: str) -> Iterator[list[dict[str, Any]]]:
    """Runs in the reading process: the rows of plain values, `BATCH` at once."""
    file = _opened(path)
    names = [one.name for one in file.schema_arrow if not _has_bytes(one.type)]
    if len(names) > MAX_COLUMNS:
        raise InputError(f"{path} has {len(names):,} columns, and tables of up to {MAX_COLUMNS:,} are read")
    try:
        for batch in file.iter_batches(batch_size=BATCH, columns=names):
            yield [{name: _plain(value) for name, value in row.items()} for row in batch.to_pylist()]
    except Exception as error:  # noqa: BLE001 - whatever the library raises on foreign bytes
        raise InputError(f"{path} cannot be read as Parquet: {' '.join(str(error).split())[:300]}") from None


def _opened(path: str) -> Any:
    import pyarrow.parquet

    hold_to(MEMORY, OPEN_FILES)
    try:
        return pyarrow.parquet.ParquetFile(path)
    except Exception as error:  # noqa: BLE001 - whatever the library raises on foreign bytes
        raise InputError(f"{path} cannot be read as Parquet: {' '.join(str(error).split())[:300]}") from None


def _has_bytes(kind: Any) -> bool:
    """Whether a column's type is bytes, or has them inside: binary, lists and structs of binary."""
    text = str(kind)
    return "binary" in text or "extension" in text


def _plain(value: Any) -> Any:
    """Dates, decimals and the like as text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return str(value)
