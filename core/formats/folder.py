"""Containers that are folders: what lies beside the payloads' own files.

- `metadata.json`: `samples`, `classes`, what the build says of its payloads, where there are some the `shards`
  ([name, samples, bytes] each), and of a part of a split `first`, the number of its first sample there
- `__dictionary__`: the compression's dictionary, where it has one
- `index.npy`: where samples lie in shards, and their labels: a structured array (n,), see `ENTRY`
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.contracts import Contents
from ..base.errors import InputError
from ..base.strict_json import dumps
from .container import open_file
from .shards import Shard

FIRST = "first"
METADATA, DICTIONARY, INDEX = "metadata.json", "__dictionary__", "index.npy"
BESIDE_SHARDS = frozenset((METADATA, DICTIONARY, INDEX, "blocks.npy"))
"""What is no shard in the folders that are built here."""

ENTRY = np.dtype([("offset", "<u8"), ("length", "<u8"), ("label", "<i8"), ("shard", "<u4")])
"""Of a sample: where its payload begins in its shard and how long it is, in bytes; its class number; the shard's
number. 28 bytes, packed."""

MOST_METADATA = 1 << 28

Entries = npt.NDArray[np.void]


def write_facts(folder: Path, contents: Contents, shards: Iterable[Shard] = ()) -> None:
    """Complete a container with what is known of it as a whole."""
    told: dict[str, Any] = {"samples": contents.samples, "classes": list(contents.classes)}
    if contents.first:
        told[FIRST] = contents.first
    listed = [list(shard) for shard in shards]
    if listed:
        told["shards"] = listed
    (folder / METADATA).write_text(dumps(told | dict(contents.metadata)), encoding="utf-8")
    if contents.dictionary is not None:
        (folder / DICTIONARY).write_bytes(contents.dictionary)


def read_metadata(folder: Path) -> dict[str, Any]:
    """Raises InputError where there is none, ValueError where it is damaged."""
    return parse_json(needed(folder, METADATA))


def parse_json(path: Path) -> dict[str, Any]:
    """The object in a file that describes a container. Raises OSError, and ValueError where it is damaged."""
    with open_file(path) as file:
        data = file.read(MOST_METADATA + 1)
    if len(data) > MOST_METADATA:
        raise ValueError(f"{path.name} has more than {MOST_METADATA >> 20} MiB")
    return dict(json.loads(data.decode("utf-8")))


def read_shards(folder: Path) -> list[Shard]:
    """The shards that the metadata names. Raises ValueError for what is no name of a file in this folder."""
    shards = []
    for name, samples, size in read_metadata(folder).get("shards", []):
        if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
            raise ValueError(f"{METADATA} names the shard {name!r}")
        if not (type(samples) is int and type(size) is int and samples >= 0 and size >= 0):
            raise ValueError(f"{METADATA} tells sizes of {name!r} that are none")
        shards.append(Shard(name, samples, size))
    return shards


def read_dictionary(folder: Path) -> bytes | None:
    if not os.path.lexists(folder / DICTIONARY):
        return None
    with open_file(folder / DICTIONARY) as file:
        return file.read()


def needed(folder: Path, name: str) -> Path:
    """The path of a file that every store has. Raises InputError where it is missing."""
    path = folder / name
    if not os.path.lexists(path):
        raise InputError(f"{path} is missing: this folder is not a store of ours, or is damaged")
    return path


class ShardIndexWriter:
    """Collects where samples lie, 28 bytes each, and writes `index.npy`."""

    def __init__(self) -> None:
        self._columns = {name: array("q") for name in ("offset", "length", "label", "shard")}

    def append(
        self, offsets: Sequence[int], lengths: Sequence[int], labels: Sequence[int], shards: Sequence[int]
    ) -> None:
        """Samples in order, a number each in every list."""
        for name, values in zip(
            ("offset", "length", "label", "shard"), (offsets, lengths, labels, shards), strict=True
        ):
            self._columns[name].extend(values)

    def write(self, folder: Path) -> None:
        entries = np.empty(len(self._columns["offset"]), ENTRY)
        for name, values in self._columns.items():
            entries[name] = np.frombuffer(values, np.int64) if values else 0
        write_table(folder / INDEX, entries)


def write_table(path: Path, rows: Entries) -> None:
    """A structured array (n,) as a `.npy` file."""
    with path.open("wb") as file:
        np.lib.format.write_array(file, rows, version=(1, 0), allow_pickle=False)


def read_table(path: Path, dtype: np.dtype[Any]) -> Entries:
    """What `write_table` wrote, of rows of this type. Raises ValueError for any other file, before memory is taken for
    what its header promises."""
    with open_file(path) as file:
        try:
            version = np.lib.format.read_magic(file)
            shape, _, found = np.lib.format.read_array_header_1_0(file, max_header_size=10_000)
        except (SyntaxError, TokenError) as error:  # NumPy takes a header that is none to pieces
            raise ValueError(f"{path.name} has no sound header ({error})") from None
        size = os.fstat(file.fileno()).st_size - file.tell()
        if version != (1, 0) or found != dtype or len(shape) != 1 or shape[0] * dtype.itemsize != size:
            raise ValueError(f"{path.name} is not the table that belongs there")
        return np.fromfile(file, dtype, shape[0])


def read_index(folder: Path, shard_sizes: npt.NDArray[np.int64]) -> Entries:
    """`index.npy`, checked: every sample lies inside its shard (`shard_sizes`: int64 (shards,), in bytes).

    Raises ValueError where it does not fit these shards or is no index.
    """
    entries = read_table(folder / INDEX, ENTRY)
    if len(entries) and int(entries["shard"].max()) >= len(shard_sizes):
        raise ValueError(f"{INDEX} names a shard that is not there")
    sizes = shard_sizes.astype(np.uint64)[entries["shard"]] if len(entries) else np.empty(0, np.uint64)
    if (entries["length"] > sizes).any() or (entries["offset"] > sizes - entries["length"]).any():
        raise ValueError(f"{INDEX} leads outside of a shard: it is stale or damaged")
    return entries


class FolderFacts:
    """What readers of such containers have from here; stands before `ContainerReader` among their bases."""

    _path: Path

    def _metadata(self) -> Mapping[str, Any]:
        """Without the list of shards."""
        return {name: value for name, value in read_metadata(self._path).items() if name != "shards"}

    def _dictionary(self) -> bytes | None:
        return read_dictionary(self._path)
