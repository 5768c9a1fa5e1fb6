"""Reading a folder of Parquet files of ours: a map, and the index beside the files. pyarrow is asked for nothing but to
decompress pages, where they are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from ...base.contracts import Buffer, Extents, FieldLayout, Labels
from ..container import MappedContainerReader
from ..field_reading import FieldsInContainer, Found
from ..folder import FolderFacts, read_index, read_metadata, read_shards
from ..handles import PerProcess
from ..joined_maps import mapped_shards
from ..maps import release_pages
from .fields import ParquetFieldColumns
from .pages import DATA, PLAIN, body_of, fixed_of, page_at, strings_of

KEPT_PAGES = 16
PER_ROW = 4 + 16 + 8
"""Beside the payload: its length, its path with its length, its label."""


class ParquetReader(FolderFacts, FieldsInContainer, MappedContainerReader):
    """Payloads as views of the map, or of a page that was decompressed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._opened = PerProcess(partial(_Opened, path))
        self._columns = PerProcess(self._open_columns)

    def _open(self) -> None:
        self._opened.get()

    def _labels(self) -> Labels:
        return self._opened.get().labels

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        return self._opened.get().read(indices)

    def _open_columns(self) -> ParquetFieldColumns:
        paths = [self._path / shard.name for shard in read_shards(self._path)]
        return ParquetFieldColumns(paths, self.field_layouts(), len(self))

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        return self._columns.get().read(indices, layouts)

    def _key(self, index: int) -> str:
        """The file and the row in it."""
        return self._opened.get().key(range(len(self))[index])

    def _stored_bytes(self, index: int) -> int:
        """The payload (its share of a compressed page), its length, path and label."""
        return self._opened.get().stored_bytes(index) + PER_ROW

    def _extents_of_all(self) -> Extents | None:
        """None for compressed pages."""
        return self._opened.get().extents

    def mapped_files(self) -> Sequence[Path]:
        return [self._path / shard.name for shard in read_shards(self._path)]

    def release(self) -> None:
        """Gives the map's pages back; views stay valid and fetch them again."""
        with self._told("its map cannot be released"):
            release_pages(self._opened.get().memory)

    def close(self) -> None:
        """Lets go of the map; views handed out before keep it."""
        self._opened.take()
        self._columns.take()


class _Opened:
    """Raises InputError, OSError or ValueError for a folder that is damaged or none of ours."""

    def __init__(self, path: Path) -> None:
        shards, metadata = read_shards(path), read_metadata(path)
        joined = mapped_shards(path, shards)
        entries = read_index(path, joined.sizes)
        if len(entries) != metadata["samples"]:
            raise ValueError("its files are not those that its metadata names")
        self.memory = joined.memory
        self.labels: Labels = entries["label"].astype(np.int64)
        self._names = [shard.name for shard in shards]
        self._shards = entries["shard"].astype(np.int64)
        starts = joined.starts[self._shards] if len(entries) else np.empty(0, np.int64)
        self._offsets: npt.NDArray[np.int64] = starts + entries["offset"].astype(np.int64)
        self._lengths: npt.NDArray[np.int64] = entries["length"].astype(np.int64)
        pages = metadata.get("pages")
        self._pages = None if pages is None else _Pages(self.memory.data, pages["codec"], pages["fixed_bytes"])
        if pages is not None and (np.diff(self._offsets) < 0).any():
            raise ValueError("its index is not in order")
        self.extents = None if self._pages else Extents(self.memory, self._offsets, self._lengths)

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        chosen = np.asarray(indices, np.int64)
        starts, lengths, memory = self._offsets[chosen], self._lengths[chosen], self.memory.data
        if self._pages is None:
            return [memory[start : start + size] for start, size in zip(starts.tolist(), lengths.tolist(), strict=True)]
        rows = chosen - np.searchsorted(self._offsets, starts)
        found = zip(starts.tolist(), lengths.tolist(), rows.tolist(), strict=True)
        return [self._pages.value(start, start + size, row) for start, size, row in found]

    def key(self, index: int) -> str:
        shard = int(self._shards[index])
        return f"{self._names[shard]}[{index - int(np.searchsorted(self._shards, shard))}]"

    def stored_bytes(self, index: int) -> int:
        size = int(self._lengths[index])
        if self._pages is None:
            return size
        page = int(self._offsets[index])
        return self._pages.share(page, page + size, index - int(np.searchsorted(self._offsets, page)))


class _Pages:
    """Values of compressed pages; the last pages are kept."""

    def __init__(self, memory: memoryview, codec: str, fixed: int) -> None:
        import pyarrow  # costs a third of a second, which stores of uncompressed pages need not spend

        if codec not in ("zstd", "snappy") or type(fixed) is not int:
            raise ValueError(f"pages are compressed with {codec!r}, as no store of ours has them")
        self._fixed = fixed
        self._codec = pyarrow.Codec(codec)
        self._memory = memory
        self._kept: OrderedDict[int, list[memoryview]] = OrderedDict()
        self._lock = Lock()

    def value(self, start: int, end: int, row: int) -> memoryview:
        """The value in this row of the page from `start` to `end`."""
        return self._page(start, end)[row]

    def share(self, start: int, end: int, row: int) -> int:
        """Bytes of the page that are this value's."""
        sizes = [len(value) for value in self._page(start, end)]
        return -(-(end - start) * sizes[row] // max(sum(sizes), 1))

    def _page(self, start: int, end: int) -> list[memoryview]:
        with self._lock:
            page = self._kept.get(start)
            if page is None:
                page = self._kept[start] = self._values(start, end)
                if len(self._kept) > KEPT_PAGES:
                    self._kept.popitem(last=False)
        return page

    def _values(self, start: int, end: int) -> list[memoryview]:
        page = page_at(self._memory, start, end)
        if page.kind != DATA or page.encoding != PLAIN:
            raise ValueError("its page is not PLAIN, as those of our stores are")
        _, values = body_of(self._memory, page, self._inflated)
        starts, lengths = fixed_of(values, page.values, self._fixed) if self._fixed else strings_of(values, page.values)
        return [values[at : at + size] for at, size in zip(starts, lengths, strict=True)]

    def _inflated(self, data: bytes | memoryview, size: int) -> memoryview:
        return memoryview(self._codec.decompress(data, size))
