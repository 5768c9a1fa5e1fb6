"""Folders of small images with label files, and what a source makes of them."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.base.contracts import FieldValue, Skipped
from core.base.events import finish
from core.base.source_contracts import FoundImage, Recognition
from core.sources import Request, open_source, recognise
from core.sources.request import Patience
from tests.image_fixtures import put


class Labelled:
    """What the source at `path` hands over."""

    def __init__(
        self, path: Path, limit: int | None = None, reference: bool = False, look: bool = False, **options: Any
    ) -> None:
        scratch = Path(tempfile.mkdtemp(dir=path.parent.parent))
        patience = Patience.of(60, 1000) if look else None
        request = Request(
            scratch=scratch, downloads=scratch, path=path, limit=limit, reference=reference, patience=patience
        )
        source = open_source(recognise(str(path)), options, request)
        finish(source.prepare())
        self.recognition: Recognition = source.recognition
        self.classes = list(source.classes)
        self.counts = dict(source.counts)
        found = list(source.images())
        source.close()
        self.images = [image for image in found if isinstance(image, FoundImage)]
        self.skipped = {Path(skip.path).name: skip.reason for skip in found if isinstance(skip, Skipped)}

    @property
    def labels(self) -> dict[str, str]:
        """Class by file name."""
        return {image.name: image.class_name for image in self.images}

    @property
    def cells(self) -> dict[str, int]:
        return dict(Counter(f"{image.split}/{image.class_name}" for image in self.images))

    @property
    def fields(self) -> dict[str, Mapping[str, FieldValue]]:
        """Fields by file name."""
        return {image.name: image.fields for image in self.images}

    @property
    def unused(self) -> dict[str, str]:
        return {Path(unused.path).name: unused.reason for unused in self.recognition.unused}

    @property
    def said(self) -> str:
        return "\n".join(self.recognition.notes)


def pictures(folder: Path, names: Iterable[str]) -> None:
    """Small images, no two alike."""
    for seed, name in enumerate(names):
        put(folder / name, seed)


def write(path: Path, *rows: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{row}{end}" for row in rows).encode(encoding))
    return path
