"""torch's DataLoader over image files in class folders: listed once, read and decoded one by one in the workers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..inside.decoding import decoder
from ..inside.samples import Samples
from ..inside.torch_samples import IndexedSamples, indexed_loader
from ..inside.work import RivalWork

if TYPE_CHECKING:
    from ..registration import Epochs


def write_files(samples: Samples, folder: Path) -> None:
    """Every sample as `folder`/<label, five digits>/<its number>.<jpg or png>."""
    for label in sorted({samples.label(index) for index in range(len(samples))}):
        _class_folder(folder, label).mkdir()
    for index, (data, ticket) in enumerate(samples.in_order()):
        (_class_folder(folder, ticket % samples.classes) / samples.name_of(index)).write_bytes(data)


def listed_files(folder: Path, classes: int) -> Iterator[tuple[str, int]]:
    """(path, ticket) of all of them, class by class in sorted order."""
    for inner in sorted(folder.iterdir()):
        for file in sorted(inner.iterdir()):
            yield str(file), int(file.stem) * classes + int(inner.name)


class Files:
    """Files by their number in the list: (bytes, ticket)."""

    def __init__(self, folder: Path, classes: int) -> None:
        self._files = list(listed_files(folder, classes))

    def __getitem__(self, index: int) -> tuple[bytes, int]:
        path, ticket = self._files[index]
        with open(path, "rb") as file:
            return file.read(), ticket


@dataclass(frozen=True)
class ImageFiles:
    """`decoder`: the library that decodes (`inside.decoding`)."""

    decoder: str = "pillow"

    def prepare(self, samples: Samples, folder: Path) -> None:
        write_files(samples, folder)

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        opened = partial(Files, folder, samples.classes)
        return indexed_loader(IndexedSamples(opened, samples, work, decoder(self.decoder)), work)


def _class_folder(folder: Path, label: int) -> Path:
    return folder / f"{label:05d}"
