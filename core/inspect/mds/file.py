"""An MDS folder by its `index.json`, or one of its shards by the header in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ..candidate import UnidentifiedFile
from ..shard_tables.file import ShardTableFile
from .detect import is_index
from .index import read_header, read_index


class MdsFile(ShardTableFile):
    """`columns`: of each shard. Raises InputError where neither index nor header can be read."""

    kind: ClassVar[str] = "mds"

    def __init__(self, path: Path) -> None:
        with UnidentifiedFile(path) as candidate:
            self.is_index = is_index(candidate.head)
        shards, self.columns = read_index(path) if self.is_index else read_header(path)
        super().__init__(path, shards)

    def structure(self) -> Mapping[str, Any]:
        columns = next((one for one, shard in zip(self.columns, self.shards, strict=True) if not shard.problem), None)
        rows = [] if columns is None else list(zip(columns.names, columns.encodings, columns.sizes, strict=True))
        told = [{"name": name, "encoding": encoding, "bytes": size or None} for name, encoding, size in rows]
        compressions = sorted({shard.compression for shard in self.shards if shard.compression})
        return {**super().structure(), "columns": told, "compression": ", ".join(compressions) or None}
