"""What an MDS folder says of its shards: {"version": 2, "shards": [{"column_names", "column_encodings",
"column_sizes", "samples", "raw_data": {"basename", "bytes"}, "zip_data", "compression", ...}]}; a shard's own header
has the same columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...base.errors import InputError
from ..shard_tables.index import ListedShard, as_count, load_index

MOST_COLUMNS = 4096
MOST_HEADER = 1 << 20
COMPRESSIONS = {"zstd": "zstd", "gz": "gzip", "bz2": "bz2", "br": "brotli", "snappy": "snappy"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Names, encodings and fixed sizes (0: each value tells its own) of the columns, in the file's order."""

    names: tuple[str, ...]
    encodings: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(name, encoding) of each."""
        return list(zip(self.names, self.encodings, strict=True))


NO_COLUMNS = Columns((), (), ())


def read_index(path: Path) -> tuple[list[ListedShard], list[Columns]]:
    """The shards and the columns of each. Raises InputError where it is no index of version 2."""
    index = load_index(path)
    shards, version = index.get("shards"), index.get("version")
    if version != 2 or not isinstance(shards, list):
        raise InputError(f"{path} is no index of MDS version 2: its version is {str(version)[:40]!r}; write it again")
    found: list[tuple[ListedShard, Columns]] = []
    told: dict[str, Columns | None] = {}  # all shards have the same columns, as a rule
    for number, shard in enumerate(shards):
        key = _key_of(shard)
        if key not in told:
            told[key] = columns_of(shard)
        found.append(_shard(shard, number, told[key]))
    return [shard for shard, _ in found], [columns for _, columns in found]


def _key_of(shard: Any) -> str:
    """The same for shards of the same columns."""
    try:
        return repr([shard.get(name) for name in _COLUMNS]) if isinstance(shard, Mapping) else ""
    except RecursionError:
        return ""


_COLUMNS = ("column_names", "column_encodings", "column_sizes")


def _shard(shard: Any, number: int, columns: Columns | None) -> tuple[ListedShard, Columns]:
    """One that cannot be understood has no samples, and the reason."""
    raw, name, size = _data(shard, "raw_data")
    samples = as_count(shard.get("samples")) if isinstance(shard, Mapping) else None
    if not raw or name is None or samples is None:
        return ListedShard(
            name or f"shard {number}", 0, problem="index.json does not tell its name or samples"
        ), NO_COLUMNS
    if shard.get("format") != "mds" or columns is None:
        problem = f"its format {str(shard.get('format'))[:40]!r} or its columns are none of MDS"
        return ListedShard(name, 0, problem=problem), NO_COLUMNS
    _, packed, packed_size = _data(shard, "zip_data")
    compression = COMPRESSIONS.get(str(shard.get("compression")).partition(":")[0], str(shard.get("compression"))[:40])
    listed = ListedShard(
        name,
        samples,
        size,
        packed=packed,
        packed_size=packed_size,
        compression=compression if packed else None,
    )
    return listed, columns


def _data(shard: Any, which: str) -> tuple[bool, str | None, int | None]:
    """(there, basename, bytes) of the file of a shard."""
    data = shard.get(which) if isinstance(shard, Mapping) else None
    if not isinstance(data, Mapping):
        return False, None, None
    name = data.get("basename")
    return True, name if isinstance(name, str) and 0 < len(name) < 1024 else None, as_count(data.get("bytes"), 1 << 62)


def columns_of(header: Any) -> Columns | None:
    """The columns of a shard; None where they are none."""
    told = header if isinstance(header, dict) else {}
    names, encodings, sizes = (_list(told.get(name)) for name in _COLUMNS)
    if not 0 < len(names) <= MOST_COLUMNS or not len(names) == len(encodings) == len(sizes):
        return None
    if not all(isinstance(one, str) for one in [*names, *encodings]) or len({*names}) < len(names):
        return None
    counts = [0 if size is None else as_count(size) for size in sizes]
    if any(count is None for count in counts):
        return None
    return Columns(tuple(names), tuple(encodings), tuple(count or 0 for count in counts))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def read_header(path: Path) -> tuple[list[ListedShard], list[Columns]]:
    """A single shard by its own header, which lies between its offsets and its samples. Raises InputError."""
    with path.open("rb") as file:
        count = int.from_bytes(file.read(4), "little")
        start = 4 * (count + 2)
        stop = int.from_bytes(file.read(4), "little")
        file.seek(start)
        text = file.read(stop - start) if 0 < stop - start <= MOST_HEADER else b""
    try:
        columns = columns_of(json.loads(text))
    except (ValueError, RecursionError):
        columns = None
    if columns is None:
        raise InputError(f"{path} is damaged: the header of this MDS shard cannot be read; copy it again")
    return [ListedShard(path.name, count)], [columns]
