"""Read-only access to the arrays of a Zarr store, without the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...base.units import counted
from ..display import Choice
from ..hdf5.origins import parameters_by_name
from ..named_arrays.array import NamedArray, TextColumn
from ..named_arrays.read_cost import read_cost_of
from ..records import Finding, ReadCost
from .chunked import ChunkedArray
from .metadata import LONGEST_JSON, ArrayMeta, object_in, of_version_2, of_version_3
from .storage import FolderStorage, ZarrStorage, ZipStorage, whole

MOST_ARRAYS = 1_000
MOST_GROUPS = 10_000
DEEPEST = 8
MOST_TEXTS = 100_000
"""Texts of an array that are read at once."""


class ZarrFile:
    """`arrays`: those that can be read, by their path in the store; the array that a store itself is has its name."""

    kind: ClassVar[str] = "zarr"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.doubts: dict[str, str] = {}
        self.read_cost: ReadCost | None = None
        self.others: dict[str, Any] = {}
        self.arrays: list[NamedArray] = []
        self.findings: list[Finding] = []
        self._problems: list[str] = []
        self._listed: list[dict[str, Any]] = []
        self._versions: set[int] = set()
        storage = self._opened(path)
        self.attributes: Mapping[str, Any] = {}
        for key, told in _arrays(storage):
            self._add(key or path.name.partition(".")[0], key, told, storage)
        root = object_in(_json(storage, "zarr.json")) or {}
        attributes = root.get("attributes") or object_in(_json(storage, ".zattrs"))
        self.attributes = attributes if isinstance(attributes, dict) else {}
        if not self._listed:
            raise InputError(f"{path} is damaged: {next(iter(self._problems), 'it is a Zarr group without an array')}")
        named = parameters_by_name([array.name for array in self.arrays if array.is_numbers])
        self.model = None if named is None else f"its arrays are {named}"
        versions = " and ".join(map(str, sorted(self._versions)))
        self.said = (
            f"the metadata of a Zarr store, version {versions or 'unknown'}, with {counted(len(self._listed), 'array')}"
        )

    def _opened(self, path: Path) -> ZarrStorage:
        if path.is_dir():
            return FolderStorage(path)
        try:
            storage = ZipStorage(path)
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}") from None
        self._problems += storage.problems
        return storage

    def _add(self, name: str, key: str, told: Mapping[str, Any], storage: ZarrStorage) -> None:
        """An array. One that cannot be read is told, and costs itself."""
        if len(self._listed) >= MOST_ARRAYS:
            return
        try:
            meta = of_version_3(told) if told.get("zarr_format") == 3 else of_version_2(told)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            self._listed.append({"name": name, "problem": str(error)})
            self._problems.append(f"the array {name} cannot be read: {error}")
            return
        self._versions.add(meta.version)
        array = ChunkedArray(name, key, meta, storage)
        missing = array.look_for_missing()
        if missing.lost:
            self.findings.append(_missing_chunks(array, missing.lost, missing.first))
        self._listed.append(_described(array, missing.lost))
        column = _text_column(array) if meta.pipeline.texts else array
        if column is not None:
            self.arrays.append(column)
        else:
            self.others[name] = f"values of any length, shape {meta.shape}"

    def structure(self) -> Mapping[str, Any]:
        """Its arrays: name, type, shape, that of a chunk and of a shard, codecs, chunks and how many are missing."""
        stored = sum(one.get("stored_bytes", 0) for one in self._listed)
        return {"arrays": self._listed, "apparent_bytes": stored, **read_cost_of(self)}

    def warnings(self) -> list[str]:
        return self._problems[:20]

    def close(self) -> None:
        """Nothing is held open."""


def _json(storage: ZarrStorage, key: str) -> bytes | None:
    try:
        return whole(storage, key, LONGEST_JSON)
    except ValueError:
        return None


def _arrays(storage: ZarrStorage) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, metadata) of all arrays, group by group; chunks are not looked into."""
    waiting, looked = [("", 0)], 0
    while waiting and looked < MOST_GROUPS:
        key, depth = waiting.pop()
        looked += 1
        before = f"{key}/" if key else ""
        told = object_in(_json(storage, f"{before}zarr.json"))
        if told is None:
            told = object_in(_json(storage, f"{before}.zarray"))
            is_array = told is not None
        else:
            is_array = told.get("node_type") == "array"
        if is_array and told is not None:
            yield key, told
        elif depth < DEEPEST:
            children = [name for name in storage.children(key) if not name.startswith(".")]
            waiting += [(before + name, depth + 1) for name in reversed(children)]


def _described(array: ChunkedArray, missing: int) -> dict[str, Any]:
    meta: ArrayMeta = array.meta
    steps = [step.name[:40] for step in meta.pipeline.steps]
    told: dict[str, Any] = {
        "name": array.name,
        "dtype": meta.pipeline.texts or str(meta.pipeline.dtype)[:200],
        "shape": list(meta.shape),
        "chunk": list(meta.chunk),
        "codecs": steps,
        "fill_value": str(meta.fill)[:40],
        "chunks": prod(meta.grid),
        "missing_chunks": missing,
        "stored_bytes": array.stored_bytes,
    }
    if meta.sharding is not None:
        told["shard"] = [size * count for size, count in zip(meta.chunk, meta.sharding.per_shard, strict=True)]
    return told


def _missing_chunks(array: ChunkedArray, count: int, first: Sequence[str]) -> Finding:
    fill = str(array.meta.fill)[:40]
    return Finding(
        "missing-chunk",
        count,
        f"{array.name}: {', '.join(first)}",
        f"chunks that are not there read as the fill value ({fill}), without an error; whether they were lost, never "
        "written, or left out because all of their values are the fill value, the store does not say",
        "copy the store again or write these chunks again; write with write_empty_chunks=True, so that what is missing "
        "can be told from what is empty",
    )


def _text_column(array: ChunkedArray) -> NamedArray | None:
    """An array of texts; None for one of bytes, of more axes, or too many."""
    if array.meta.pipeline.texts != "utf8" or len(array.shape) != 1 or array.size > MOST_TEXTS:
        return None
    try:
        return TextColumn(array.name, [str(text) for text in array.rows(0, 0, array.size)])
    except ValueError:
        return None
