"""Samples of MDS: the sizes of the columns that have no fixed one (uint32 each), then the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..shard_tables.health import check
from ..shard_tables.records import Cell, ShardTableRecords, declared_images, pickled_finding
from .encodings import IMAGES, decoded
from .file import MdsFile


class MdsRecords(ShardTableRecords):
    """Every column is a field, by its name."""

    kind: ClassVar[str] = "mds"
    file: MdsFile

    @classmethod
    def recognise(cls, file: MdsFile) -> MdsRecords:
        every = list(dict.fromkeys(pair for columns in file.columns for pair in columns.pairs))
        images = [name for name, encoding in every if encoding in IMAGES]
        findings = check(file, "Streaming", ".mds") if file.is_index else []
        pickled = [name for name, encoding in every if encoding == "pkl"]
        findings += [pickled_finding(pickled)] if pickled else []
        where = "index.json lists shards of MDS version 2" if file.is_index else "it begins as a shard of MDS"
        said = "their columns and encodings are told there" if file.is_index else "its header names the columns"
        return cls(file, where, declared_images(images, said), findings)

    def cells(self, index: int) -> Iterator[Cell]:
        number, _ = self.file.place(index)
        data, columns = self.file.sample(index), self.file.columns[number]
        at = 4 * columns.sizes.count(0)
        if at > len(data):
            raise ValueError(f"{self.file.where(index)}: the sample is shorter than the sizes of its columns")
        variable = iter(range(0, at, 4))
        sizes = [
            size or int.from_bytes(data[(place := next(variable)) : place + 4], "little") for size in columns.sizes
        ]
        if at + sum(sizes) != len(data):
            told = f"its columns take {at + sum(sizes):,} bytes and it has {len(data):,}"
            raise ValueError(f"{self.file.where(index)}: {told}")
        for name, encoding, size in zip(columns.names, columns.encodings, sizes, strict=True):
            yield Cell(name, encoding, data[at : at + size])
            at += size

    def decoded(self, cell: Cell) -> Any:
        return decoded(cell.encoding, cell.data)

    def is_image(self, encoding: str) -> bool:
        return encoding in IMAGES
