"""Where the payloads of a complete file lie, learned from its pages."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..maps import mapped
from .pages import DATA, PLAIN, Page, body_of, fixed_of, pages, strings_of


class Places(NamedTuple):
    """Of every sample: where its payload lies (of a file with compressed pages: its page, with the header), and its
    label; a list each."""

    offsets: list[int]
    lengths: list[int]
    labels: list[int]


def payload_places(path: Path, codec: str) -> Places:
    """Raises ValueError for a file that is not as `ParquetWriter` writes it."""
    file = pq.ParquetFile(path)
    try:
        metadata, labels = file.metadata, file.read(columns=["label"]).column("label")
        fixed = _fixed_size(file.schema_arrow)
        chunks = [metadata.row_group(number).column(0) for number in range(metadata.num_row_groups)]
    finally:
        file.close()
    found = Places([], [], labels.to_pylist())
    if not chunks:
        return found
    memory = memoryview(mapped(path))
    for chunk in chunks:
        for page in pages(memory, chunk.data_page_offset, chunk.total_compressed_size):
            _add(found, memory, page, fixed, codec != "none")
    if len(found.offsets) != len(found.labels):
        raise ValueError(f"{path} has {len(found.offsets):,} payloads and {len(found.labels):,} labels")
    return found


def _fixed_size(schema: pa.Schema) -> int:
    """Bytes of a payload where all have the same; 0 where each says its own."""
    kind = schema.field("image").type
    return int(kind.byte_width) if pa.types.is_fixed_size_binary(kind) else 0


def _add(found: Places, memory: memoryview, page: Page, fixed: int, compressed: bool) -> None:
    if page.kind != DATA or page.encoding != PLAIN:
        raise ValueError(f"the page at byte {page.offset:,} is not PLAIN, as it was to be written")
    if compressed:
        found.offsets.extend([page.offset] * page.values)
        found.lengths.extend([page.end - page.offset] * page.values)
        return
    _, values = body_of(memory, page, None)
    begin = page.end - len(values)
    starts, lengths = fixed_of(values, page.values, fixed) if fixed else strings_of(values, page.values)
    found.offsets.extend((np.array(starts, np.int64) + begin).tolist())
    found.lengths.extend(lengths)
