"""Samples that are files of their own, and the lists that name them: reading and writing, shared by formats."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..base.contracts import MAX_PAYLOAD, Buffer
from ..base.errors import InputError
from .container import open_descriptor, open_file
from .folder import needed

LONGEST_LINE = 1 << 16
"""Characters of a line of a list; a longer one is damaged."""

BLOCK = 4096
"""Bytes of a block of most file systems: a file occupies whole ones."""


@contextmanager
def listed_rows(path: Path, header: Sequence[str], further: Sequence[str] = ()) -> Iterator[Iterator[list[str]]]:
    """The cells below `header` in the lines of a CSV file, which may have `further` columns. Raises InputError where it
    is missing, has other columns or is damaged."""
    with open_file(needed(path.parent, path.name)) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        # Whatever a file without line ends holds, no more of it than this is in memory at once.
        rows = csv.reader(iter(lambda: text.readline(LONGEST_LINE), ""))
        if next(rows, None) != [*header, *further]:
            raise InputError(f"{path} does not begin with {','.join(header)!r}: not a store of ours")
        try:
            yield (_first(row, len(header), len(further)) for row in rows) if further else rows
        except (ValueError, OverflowError, csv.Error) as error:
            raise InputError(f"{path} is damaged: {error}") from None


def _first(row: list[str], own: int, further: int) -> list[str]:
    if len(row) != own + further:
        raise ValueError(f"a line has {len(row)} cells where {own + further} belong")
    return row[:own]


def read_file(path: str) -> bytes:
    """All of a regular file that is no link. Raises OSError, also where it is larger than a payload may be."""
    descriptor, size = open_descriptor(path)
    try:
        if size > MAX_PAYLOAD:
            raise OSError(f"{size:,} bytes are more than a payload may have")
        data = os.read(descriptor, size)
        while len(data) < size and (more := os.read(descriptor, size - len(data))):
            data += more
        return data
    finally:
        os.close(descriptor)


def write_file(path: str, payload: Buffer) -> None:
    """A new file. Raises OSError."""
    # The bare system calls: beside opening the file, Python's file objects cost as much again.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        view = memoryview(payload)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def file_blocks(path: Path) -> int:
    """Bytes of the blocks that a file occupies. Raises OSError."""
    status = path.lstat()
    blocks = getattr(status, "st_blocks", None)
    return -(-status.st_size // BLOCK) * BLOCK if blocks is None else int(blocks * 512)
