"""An open Arrow file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...formats.maps import mapped
from ..arrow_tables.library import settle
from ..display import Choice
from ..records import UNREADABLE, Finding, ReadCost
from .batches import batches_of, layout
from .rows import ArrowRows

settle()

LISTED = 1000
CODECS = {-1: "none", 0: "lz4", 1: "zstd"}


class ArrowFile:
    """The places of its batches, and its schema through pyarrow; rows when they are asked for."""

    kind: ClassVar[str] = "arrow"

    def __init__(self, path: Path) -> None:
        """Raises InputError for a file that cannot be opened."""
        self.path = path
        self.choice = Choice()
        try:
            memory = mapped(path)
            self._view = memoryview(memory)
            self.batches = batches_of(self._view)
            self.rows = ArrowRows(memory, self.batches)
        except UNREADABLE as error:
            reason = " ".join(str(error).split())[:300]
            raise InputError(f"{path} is an Arrow file that cannot be opened: {reason}") from None

    def structure(self) -> Mapping[str, Any]:
        """Its batches, columns, and what one sample costs to read."""
        status, places = self.path.stat(), self.batches.places
        return {
            "rows": len(self.rows),
            "apparent_bytes": status.st_size,
            "allocated_bytes": getattr(status, "st_blocks", 0) * 512 or status.st_size,
            "container": "stream" if self.batches.stream else "file",
            "batch_count": len(places),
            "batches": [{"rows": place.rows, "bytes": place.end - place.begin} for place in places[:LISTED]],
            "codec": CODECS.get(self._codec, "unknown"),
            "columns": [{"name": one.name, "type": str(one.type)[:200]} for one in list(self.rows.schema)[:LISTED]],
            **self._cost(),
        }

    @property
    def _codec(self) -> int:
        try:
            return layout(self._view, self.batches.places[0]).codec
        except UNREADABLE:
            return -1

    def _cost(self) -> dict[str, Any]:
        places = [place for place in self.batches.places if place.rows]
        if not places:
            return {}
        size = max(place.end - place.begin for place in places)
        each = sum(place.end - place.begin for place in places) // sum(place.rows for place in places)
        if self._codec == -1:
            said = "the sample's own bytes, from a map, and its offsets in each column"
            return {"read_cost": ReadCost(each, each, said, len(self.rows.schema)).to_json()}
        said = "the whole record batch, which is compressed"
        return {"read_cost": ReadCost(size, each, said).to_json()}

    def warnings(self) -> list[str]:
        """That the file ends too early."""
        return [] if self.batches.problem is None else [f"the file is damaged: {self.batches.problem}"]

    def images_findings(self, images: Sequence[str]) -> Iterator[Finding]:
        """Batches of images that are compressed."""
        if images and self._codec != -1:
            size = max((place.end - place.begin for place in self.batches.places), default=0)
            meaning = f"record batches are compressed, up to {size:,} bytes each: one sample costs the whole batch"
            remedy = "write them uncompressed (image files do not become smaller), or a few hundred rows a batch"
            yield Finding("batch-compressed", len(self.batches.places), "", meaning, remedy)
