"""A kind of file for the inspector, made of this one module: grey pictures of one size, one after the other.

`b"TOY1"`, then count, height and width as bytes, then the pictures. What a new kind needs is all in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import streamlit as st

from core.base.contracts import Labels
from core.base.registry import Registration, Registry
from core.inspect.candidate import UnidentifiedFile
from core.inspect.display import Choice
from core.inspect.kinds import KINDS
from core.inspect.records import Record
from core.inspect.registration import KindRegistration
from ui.inspector.inspected import Span

MAGIC = b"TOY1"


def write(path: Path, images: np.ndarray[Any, Any]) -> Path:
    """uint8 (n, height, width)."""
    path.write_bytes(MAGIC + bytes(images.shape) + images.tobytes())
    return path


def detects(candidate: UnidentifiedFile) -> bool:
    return candidate.head.startswith(MAGIC)


class ToyFile:
    kind: ClassVar[str] = "toy"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        data = path.read_bytes()
        self.images = np.frombuffer(data, np.uint8, offset=7).reshape(tuple(data[4:7]))

    def structure(self) -> Mapping[str, Any]:
        return {"picture_bytes": self.images[0].size}

    def warnings(self) -> list[str]:
        return []


class ToyRecords:
    classes = None
    why = "it begins with TOY1"

    def __init__(self, file: ToyFile) -> None:
        self.warnings: list[str] = []
        self._images = file.images

    @classmethod
    def recognise(cls, file: ToyFile) -> ToyRecords:
        return cls(file)

    def __len__(self) -> int:
        return len(self._images)

    def key(self, index: int) -> str:
        return f"picture {index}"

    def find(self, key: str) -> int | None:
        return next((index for index in range(len(self)) if self.key(index) == key), None)

    def label(self, index: int) -> int:
        return index % 2

    def numbers(self) -> Labels | None:
        return None

    def read(self, index: int) -> Record:
        image = self._images[index]
        pixels = np.repeat(image[:, :, None], 3, axis=2)
        return Record(self.key(index), self.label(index), "grey", image.tobytes(), pixels, image.shape)


def draw_structure(span: Span, structure: dict[str, Any]) -> None:
    st.markdown(f"Toys hold {structure['picture_bytes']} bytes per picture.")


KIND = KindRegistration(
    where="toy_kind:ToyFile",
    title="Toy",
    detects="toy_kind:detects",
    library="the toy library",
    structure="toy_kind:draw_structure",
    schemas=Registry("schema for toys", {"toys": Registration("toy_kind:ToyRecords", "Toys, one after the other")}),
)


def register() -> None:
    KINDS.register("toy", KIND)
