"""Which kind of label file a path is, and which split its name tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ...base.errors import InputError
from ...base.names import readable
from ..folder_names import split_name
from .id_lists import IdLists, is_id_list
from .json_file import JsonTable
from .json_table import JsonLinesTable
from .parquet_table import ParquetTable
from .table import LabelTable
from .text_table import TextTable

KINDS: Mapping[str, Callable[[Path], LabelTable]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".lst"), TextTable),
    **dict.fromkeys((".jsonl", ".ndjson"), JsonLinesTable),
    ".json": JsonTable,
    ".parquet": ParquetTable,
}
"""What reads a label file, by its ending."""


def open_table(path: Path) -> LabelTable:
    """The label file at `path`. Raises InputError where it is none of a known kind, or cannot be read as such."""
    kind = IdLists if is_id_list(path) else KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{readable(path)} is no label file of a known kind; known are {' '.join(KINDS)}")
    table = kind(path)
    table.split = split_told(path.stem) or split_told(path.parent.name, alone=True)
    return table


def split_told(name: str, alone: bool = False) -> str:
    """The split that a file's or (`alone`: and nothing else) a folder's name speaks of, or "".

    >>> split_told("instances_val2017"), split_told("labels"), split_told("train", alone=True)
    ('val', '', 'train')
    """
    found = split_name(name)
    return found.split if found is not None and (found.pure or not alone) else ""
