"""Items of LitData: the size of each leaf (uint32 each), then the leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..shard_tables.health import check
from ..shard_tables.records import ColumnCell, ShardTableRecords, declared_images, pickled_finding
from .file import LitDataFile
from .serializers import IMAGES, decoded, name_of
from .tables import LitDataRows


class LitDataRecords(ShardTableRecords):
    """Every leaf is a field, by its place in `data_spec`."""

    kind: ClassVar[str] = "litdata"
    file: LitDataFile

    @classmethod
    def recognise(cls, file: LitDataFile) -> LitDataRecords:
        pairs = list(zip(file.config.names, file.config.formats, strict=True))
        images = [name for name, told in pairs if name_of(told) in IMAGES]
        findings = check(file, "LitData", "chunk-")
        pickled = [name for name, told in pairs if name_of(told) in ("pickle", "graph")]
        findings += [pickled_finding(pickled)] if pickled else []
        said = "data_spec and data_format tell the values of an item"
        return cls(file, "index.json lists chunks of LitData", declared_images(images, said), findings)

    def fields(self, index: int) -> Mapping[str, Any]:
        row = self._row(index)
        return super().fields(index) if row is None else row

    def label_fields(self, index: int) -> Mapping[str, Any]:
        row = self._row(index)
        return super().label_fields(index) if row is None else row

    def _row(self, index: int) -> Mapping[str, Any] | None:
        """A row that is kept as Arrow; None where items are LitData's own."""
        number, within = self.file.place(index)
        table = self.file.table(number)
        return table.row(within) if isinstance(table, LitDataRows) else None

    def layout(self, index: int) -> Sequence[tuple[str, str, int]]:
        config = self.file.config
        sizes = [self.file.open(index).size if config.bare else 0] * len(config.names)
        return list(zip(config.names, config.formats, sizes, strict=True))

    def decoded(self, cell: ColumnCell) -> Any:
        return decoded(cell.encoding, cell.data)

    def is_image(self, encoding: str) -> bool:
        return name_of(encoding) in IMAGES
