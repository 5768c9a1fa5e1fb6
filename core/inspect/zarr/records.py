"""Records of a Zarr store. A sample in a chunk that is not there is told, and never shown as the fill value."""

from __future__ import annotations

from typing import ClassVar

from ...formats import FORMATS
from ..named_arrays.records import ArraySamples
from ..records import UNREADABLE, Finding, Label, Record
from ..schemas.ours import Container, Stages, usable
from .chunked import MissingChunk
from .file import ZarrFile


class ZarrSamples(ArraySamples):
    """A record for each sample; see `ArraySamples`."""

    kind: ClassVar[str] = "zarr"

    def read(self, index: int) -> Record:
        try:
            return super().read(index)
        except MissingChunk as missing:
            finding = Finding(
                "missing-chunk",
                1,
                self.key(index),
                "a chunk of the sample is not there",
                "the findings of the file say what to do",
            )
            label = self.label(index)
            return Record(self.key(index), label, "nothing", b"", problem=str(missing), findings=(finding,))

    def label(self, index: int) -> Label:
        """None where the chunk of the label is not there."""
        try:
            return super().label(index)
        except UNREADABLE:
            return None


class OwnZarr(Container):
    """A group of a store that was built here, by its attributes."""

    kind: ClassVar[str] = "zarr"

    @classmethod
    def recognise(cls, file: ZarrFile) -> OwnZarr | None:
        if not {"samples", "classes"} <= file.attributes.keys() or not file.path.is_dir():
            return None
        reader = usable(FORMATS.make("zarr").reader(file.path))
        return cls(reader, "its attributes are those of the stores built here", Stages.of(reader))
