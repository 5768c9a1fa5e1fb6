"""An open Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from ...base.errors import InputError
from ...formats.maps import MapsItself, mapped
from ..arrow_tables.library import settle
from ..display import Choice
from ..records import UNREADABLE, Finding, ReadCost
from .rows import ParquetRows

settle()

MOST_TEXT = 1 << 27
MOST_ITEMS = 1 << 22
"""What the library may take for one text and one list in the footer."""

LARGE_GROUP = 300_000_000
"""Bytes of a row group from which on it is called too large; about 100 MB is usual for images."""

MANY_IMAGES = 1000
LISTED = 1000
LISTED_COLUMNS = 100


class ParquetFile:
    """The footer through pyarrow, the rest when it is asked for."""

    kind: ClassVar[str] = "parquet"

    def __init__(self, path: Path) -> None:
        """Raises InputError for a file whose footer cannot be read."""
        self.path = path
        self.choice = Choice()
        try:
            self._memory = mapped(path)
            self._check_end()
            source = pa.BufferReader(self._memory) if isinstance(path, MapsItself) else path
            self._file = pq.ParquetFile(
                source, memory_map=True, thrift_string_size_limit=MOST_TEXT, thrift_container_size_limit=MOST_ITEMS
            )
            self.metadata = self._file.metadata
            self.rows = ParquetRows(self._file, memoryview(self._memory))
        except UNREADABLE as error:
            if isinstance(error, InputError):
                raise
            reason = " ".join(str(error).split())[:300]
            raise InputError(f"{path} is a Parquet file that cannot be opened: {reason}") from None

    def _check_end(self) -> None:
        if self._memory[:4] == b"PARE":
            raise InputError(f"{self.path} is a Parquet file with an encrypted footer; decrypt it with its key first")
        if len(self._memory) < 12 or self._memory[-4:] != b"PAR1":
            raise InputError(f"{self.path} is damaged: its footer is missing, so it was cut short; copy it again")

    def structure(self) -> Mapping[str, Any]:
        """Row groups and columns, from the footer; `read_cost` where there are images."""
        about, status = self.metadata, self.path.stat()
        groups = range(about.num_row_groups)
        return {
            "rows": len(self.rows),
            "apparent_bytes": status.st_size,
            "allocated_bytes": getattr(status, "st_blocks", 0) * 512 or status.st_size,
            "footer_bytes": about.serialized_size,
            "created_by": str(about.created_by)[:200],
            "row_group_count": about.num_row_groups,
            "row_groups": [self._group(number) for number in groups[:LISTED]],
            "columns": self._columns(),
            **self._cost(),
        }

    def _group(self, number: int) -> dict[str, Any]:
        about = self.metadata.row_group(number)
        return {"rows": about.num_rows, "bytes": self._group_bytes(number), "plain_bytes": about.total_byte_size}

    def _group_bytes(self, number: int) -> int:
        """Bytes in the file; of a table of very many columns what the footer says of them uncompressed."""
        about = self.metadata.row_group(number)
        if about.num_columns > LISTED_COLUMNS:
            return int(about.total_byte_size)
        return sum(about.column(at).total_compressed_size for at in range(about.num_columns))

    def _columns(self) -> list[dict[str, Any]]:
        """The columns as they lie in the file; codec, encodings and sizes are those of the first row group."""
        told = []
        for number in range(min(self.metadata.num_columns, LISTED_COLUMNS)):
            part = self._file.schema.column(number)
            one: dict[str, Any] = {"name": part.path, "type": part.physical_type}
            if self.metadata.num_row_groups:
                chunk = self.metadata.row_group(0).column(number)
                one |= {
                    "codec": chunk.compression.lower(),
                    "encodings": [str(name) for name in chunk.encodings],
                    "bytes": chunk.total_compressed_size,
                    "plain_bytes": chunk.total_uncompressed_size,
                    "page_index": bool(chunk.has_offset_index),
                }
            told.append(one)
        return told

    @cached_property
    def _largest(self) -> str | None:
        """The column of bytes that takes most of the first row group."""
        if not self.metadata.num_row_groups:
            return None
        paths = [path for name in self.rows.schema.names for path in self.rows.leaf_paths(name)]
        flat = [path for path in paths if self.rows.is_flat(path)]
        return max(flat, key=lambda path: self.rows.column(0, path).total_compressed_size, default=None)

    def _cost(self) -> dict[str, Any]:
        """What a sample costs to a reader of pages, next to a reader of row groups."""
        path = self._largest
        if path is None:
            return {}
        chunk = self.rows.column(0, path)
        rows = max(self.metadata.row_group(0).num_rows, 1)
        each = chunk.total_compressed_size // rows
        middle = 0 if isinstance(self.path, MapsItself) else rows // 2  # the way there leads from page to page
        try:
            page, there = self.rows.chunk(0, path).page_bytes(middle)
        except UNREADABLE:
            return {}
        if chunk.has_offset_index:
            said = f"the page that a sample is in ({there:,} samples), found by the page index"
            return {"read_cost": ReadCost(page, each, said, 2).to_json()}
        said = "without a page index a reader takes the whole column of the row group"
        said += f"; its page alone has {page:,} bytes and {there:,} samples"
        return {"read_cost": ReadCost(chunk.total_compressed_size, each, said).to_json()}

    def warnings(self) -> list[str]:
        """That the numbers of rows differ."""
        stated = self.metadata.num_rows
        if stated == len(self.rows):
            return []
        return [f"the footer says {stated:,} rows, and its row groups have {len(self.rows):,} together"]

    def images_findings(self, images: Sequence[str]) -> Iterator[Finding]:
        """Row groups that are too large to be read one by one, and images that no page index leads to."""
        groups = range(self.metadata.num_row_groups)
        if not images or not groups:
            return
        sizes = [self._group_bytes(number) for number in groups]
        large = [number for number, size in zip(groups, sizes, strict=True) if size > LARGE_GROUP]
        remedy = "write row groups of about 100 MB (row_group_size in rows), with write_page_index=True"
        if large:
            most = max(sizes)
            meaning = f"row groups have up to {most:,} bytes: readers that take them one by one, as most do, need that "
            yield Finding(
                "row-group-large", len(large), f"row group {large[0]}", f"{meaning}much memory a worker", remedy
            )
        most_rows = max(self.metadata.row_group(number).num_rows for number in groups)
        paths = [path for path in self.rows.leaf_paths(images[0]) if self.rows.is_flat(path)]
        if most_rows >= MANY_IMAGES and paths and not self.rows.column(0, paths[0]).has_offset_index:
            count = "a single row group holds" if len(groups) == 1 else "row groups hold up to"
            meaning = f"{count} {most_rows:,} images and there is no page index: to read one, readers read them all"
            yield Finding("no-page-index", len(groups), f"column {paths[0]!r}", meaning, remedy)

    def close(self) -> None:
        self._file.close()
