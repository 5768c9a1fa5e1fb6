"""The folder of a split of a store that was built here, as NumPy files."""

from __future__ import annotations

from typing import ClassVar

from ...formats import FORMATS
from ...formats.folder import METADATA
from ..schemas.ours import Container, Stages, usable
from .file import NpyFile


class OwnNpy(Container):
    """By its metadata, which says how the payloads were encoded and compressed."""

    kind: ClassVar[str] = "npy"

    @classmethod
    def recognise(cls, file: NpyFile) -> OwnNpy | None:
        if not (file.path / METADATA).is_file():
            return None
        reader = usable(FORMATS.make("npy").reader(file.path))
        return cls(reader, "it has labels.npy and metadata.json, as the stores built here", Stages.of(reader))
