"""Samples of MDS: the sizes of the columns that have no fixed one (uint32 each), then the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..records import Finding
from ..shard_tables.health import check
from ..shard_tables.records import ColumnCell, ShardTableRecords, declared_images, pickled_finding
from .encodings import IMAGES, decoded
from .file import MdsFile


class MdsRecords(ShardTableRecords):
    """Every column is a field, by its name."""

    kind: ClassVar[str] = "mds"
    file: MdsFile

    @classmethod
    def recognise(cls, file: MdsFile) -> MdsRecords:
        every = list(dict.fromkeys(pair for columns in dict.fromkeys(file.columns) for pair in columns.pairs))
        images = [name for name, encoding in every if encoding in IMAGES]
        findings = check(file, "Streaming", ".mds") if file.is_index else _alone(file)
        pickled = [name for name, encoding in every if encoding == "pkl"]
        findings += [pickled_finding(pickled)] if pickled else []
        where = "index.json lists shards of MDS version 2" if file.is_index else "it begins as a shard of MDS"
        said = "their columns and encodings are told there" if file.is_index else "its header names the columns"
        return cls(file, where, declared_images(images, said), findings)

    def layout(self, index: int) -> Sequence[tuple[str, str, int]]:
        columns = self.file.columns[self.file.place(index)[0]]
        return list(zip(columns.names, columns.encodings, columns.sizes, strict=True))

    def decoded(self, cell: ColumnCell) -> Any:
        return decoded(cell.encoding, cell.data)

    def is_image(self, encoding: str) -> bool:
        return encoding in IMAGES


def _alone(file: MdsFile) -> list[Finding]:
    """That a shard has no index beside it."""
    if (file.path.parent / "index.json").is_file():
        return []
    told = "without index.json no loader reads the shards; here their own headers tell what is in them"
    return [Finding("index-missing", 1, "index.json", told, "copy it, too, or write it again from the shards' headers")]
