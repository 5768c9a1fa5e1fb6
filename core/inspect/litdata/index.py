"""LitData's `index.json`: {"chunks": [{"filename", "chunk_size", "chunk_bytes", "dim"}], "config": {"data_format",
"data_spec", "compression", "compression_level", "item_loader", "encryption", ...}}."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...base.errors import InputError
from ..shard_tables.index import ListedShard, as_count, load_index
from .leaves import leaf_names

MOST_LEAVES = 4096
BARE_LOADERS = frozenset(("TokensLoader", "TemporalArrayLoader"))
"""Their items are one value, without its size before it."""


@dataclass(frozen=True, slots=True)
class Config:
    """names, formats: of the leaves of an item; level: what is compressed at once ("chunk", "batch",
    "sample"); bare: an item is one leaf, without its size."""

    names: tuple[str, ...]
    formats: tuple[str, ...]
    compression: str | None
    level: str
    bare: bool

    @property
    def each(self) -> bool:
        """Whether items are compressed one by one."""
        return self.compression is not None and self.level == "sample"


def read_index(path: Path) -> tuple[list[ListedShard], Config]:
    """The chunks and what they have in common. Raises InputError where it is no index that can be read."""
    index = load_index(path)
    chunks, config = index.get("chunks"), index.get("config")
    if not isinstance(chunks, list) or not isinstance(config, Mapping):
        raise InputError(f"{path} is damaged: it has no chunks or no config; write the index again")
    if config.get("encryption"):
        raise InputError(f"the chunks of {path} are encrypted; decrypt them with LitData first")
    told = _config(path, config)
    return [_chunk(chunk, number, told) for number, chunk in enumerate(chunks)], told


def _config(path: Path, config: Mapping[str, Any]) -> Config:
    formats, loader = config.get("data_format"), str(config.get("item_loader") or "")
    if loader == "ParquetLoader":
        raise InputError(f"{path} is LitData's index of Parquet files; inspect the Parquet files themselves")
    texts = isinstance(formats, list) and all(isinstance(one, str) and len(one) < 256 for one in formats)
    if not isinstance(formats, list) or not texts or not 0 < len(formats) <= MOST_LEAVES:
        raise InputError(f"{path} does not tell the serializers of its items (data_format); write the index again")
    compression = config.get("compression")
    return Config(
        leaf_names(config.get("data_spec"), len(formats)),
        tuple(formats),
        compression if isinstance(compression, str) and compression else None,
        str(config.get("compression_level") or "chunk")[:40],
        loader in BARE_LOADERS,
    )


def _chunk(chunk: Any, number: int, config: Config) -> ListedShard:
    """A chunk; one that cannot be understood has no items, and the reason. Its bytes are told with or without its
    table, by the version of LitData."""
    name = chunk.get("filename") if isinstance(chunk, Mapping) else None
    items = as_count(chunk.get("chunk_size")) if isinstance(chunk, Mapping) else None
    if not isinstance(name, str) or not 0 < len(name) < 1024 or items is None:
        return ListedShard(f"chunk {number}", 0, problem="index.json does not tell its name or number of items")
    size = as_count(chunk.get("chunk_bytes"), 1 << 62)
    larger = None if size is None else size + 4 * (items + 2)
    marked = f".{config.compression}."
    if config.compression is None or config.level != "chunk" or marked not in name:
        return ListedShard(name, items, size, larger)
    codec = config.compression.partition(":")[0]
    return ListedShard(name.replace(marked, "."), items, size, larger, packed=name, compression=codec)
