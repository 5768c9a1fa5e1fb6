"""Records of such folders: the cells of a sample, each by the encoding that the index tells."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...base.errors import InputError
from ..fields import Declared, FieldRecords
from ..fields.declared import NOTHING
from ..fields.images import main_of
from ..records import Finding
from .file import ShardTableFile

if TYPE_CHECKING:
    from ..places.form import ImagePlaces


class ColumnCell(NamedTuple):
    """One value of a sample as it lies there."""

    name: str
    encoding: str
    data: bytes


class ShardTableRecords(FieldRecords):
    """Samples by their number in the whole folder, as the libraries count them.

    A kind splits a sample into cells, and says which encodings are images and how a cell is read.
    """

    file: ShardTableFile

    def __init__(self, file: ShardTableFile, why: str, declared: Declared, findings: Sequence[Finding]) -> None:
        super().__init__(file, why, declared)
        self.findings = list(findings)
        self._found: tuple[int, list[Finding]] = (-1, [])

    @abstractmethod
    def layout(self, index: int) -> Sequence[tuple[str, str, int]]:
        """(name, encoding, bytes) of the values of a sample; bytes of 0: the sample tells them."""

    @abstractmethod
    def decoded(self, cell: ColumnCell) -> Any:
        """The value of a cell as plain data. Raises ValueError (or InputError)."""

    @abstractmethod
    def is_image(self, encoding: str) -> bool:
        """Whether values of this encoding are images, and nothing else."""

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.shards import ShardTablePlaces

        return ShardTablePlaces(self, path.parent, labelled)

    def __len__(self) -> int:
        return self.file.samples

    def key(self, index: int) -> str:
        self.file.place(index)
        return str(index)

    def find(self, key: str) -> int | None:
        return int(key) if key.isascii() and key.isdigit() and len(key) < 19 and int(key) < len(self) else None

    def cells(self, index: int, images: bool = True) -> Iterator[ColumnCell]:
        """The values of a sample: uint32 sizes of those that have no fixed one, then the values. Without `images` the
        others alone are read. Raises ValueError where the sizes do not agree with the sample's own."""
        data, columns = self.file.open(index), self.layout(index)
        at = 4 * sum(not size for _, _, size in columns)
        head = data.at(0, data.size if images else min(at, data.size))
        if at > data.size:
            raise ValueError(f"{self.file.where(index)}: the sample is shorter than the sizes of its values")
        told = iter(np.frombuffer(head[:at], "<u4").tolist())
        sizes = [size or next(told) for _, _, size in columns]
        if at + sum(sizes) != data.size:
            reason = f"its values take {at + sum(sizes):,} bytes and it has {data.size:,}"
            raise ValueError(f"{self.file.where(index)}: {reason}")
        for (name, encoding, _), size in zip(columns, sizes, strict=True):
            if images:
                yield ColumnCell(name, encoding, head[at : at + size])
            elif not self.is_image(encoding):
                yield ColumnCell(name, encoding, data.at(at, size))
            at += size

    def fields(self, index: int) -> Mapping[str, Any]:
        found: list[Finding] = []
        fields = {cell.name: self._value(index, cell, found) for cell in self.cells(index)}
        self._found = index, found
        return fields

    def label_fields(self, index: int) -> Mapping[str, Any]:
        return {cell.name: self._value(index, cell, []) for cell in self.cells(index, images=False)}

    def record_findings(self, index: int) -> Sequence[Finding]:
        return self._found[1] if self._found[0] == index else ()

    def stored_bytes(self, index: int) -> int | None:
        number, within = self.file.place(index)
        return self.file.table(number).stored(within)

    def _value(self, index: int, cell: ColumnCell, found: list[Finding]) -> Any:
        """A value; one that cannot be read is told, as bytes where it should be an image."""
        try:
            return self.decoded(cell)
        except (ValueError, InputError, OverflowError, RecursionError) as error:
            where = f"{self.file.where(index)}: field {cell.name!r}: {str(error)[:200]}"
            told = f"a value is no {cell.encoding}, as its column is said to be; a loader stops at it"
            found.append(Finding("field-unreadable", 1, where, told, "leave the record out, or write it again"))
            return cell.data if self.is_image(cell.encoding) else f"cannot be read: {str(error)[:200]}"


def pickled_finding(names: Sequence[str]) -> Finding:
    """That fields are pickles."""
    return Finding(
        "pickled-fields",
        len(names),
        ", ".join(names[:5]),
        "values are pickles, which run code of whoever wrote them when a loader reads them; here nothing is executed, "
        "and they are shown as plain data",
        "write these values as numbers, text, arrays or bytes",
    )


def declared_images(names: Sequence[str], said: str) -> Declared:
    """The images that the index declares, the main one first."""
    main = main_of(names, NOTHING)
    ordered = tuple(dict.fromkeys([*([main] if main is not None else []), *names]))
    return Declared(images=ordered, said=said)
