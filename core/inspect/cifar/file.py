"""Read-only access to a folder of CIFAR's pickled batches, or to one file of its binary version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...formats.maps import mapped
from ..contents.pickled import load
from ..display import Choice
from ..named_arrays.array import NamedArray
from ..named_arrays.read_cost import read_cost_of
from ..records import ReadCost
from .batches import CifarBatch, batch_in, names_beside
from .binary import batch_of_rows, labels_before
from .detect import BATCHES

MOST_BYTES = 256 << 20
"""Of one batch; CIFAR-100's of 50,000 images takes 155 MB."""

_HEAD = 1 << 17
_LONGEST_NAMES = 1 << 14


class CifarFile:
    """`batches`: those that are there; `names`: of the classes, by the labels that they belong to."""

    kind: ClassVar[str] = "cifar"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.doubts: dict[str, str] = {}
        self.read_cost: ReadCost | None = None
        self.arrays: list[NamedArray] = []
        self.others: dict[str, Any] = {}
        self.model: str | None = None
        self._problems: list[str] = []
        self.batches: list[CifarBatch] = []
        self.names: dict[str, list[str]] = {}
        if path.is_dir():
            self._open_folder()
        else:
            self._open_rows()
        if not self.batches:
            raise InputError(f"{path} has no batch of CIFAR that can be read" + "".join(f"; {one}" for one in
                             self._problems[:1]))  # fmt: skip

    def _open_folder(self) -> None:
        self.said = "a folder with the names of classes, and pickled batches read as plain data without executing them"
        self.names, _ = names_beside(self.path)
        if not self.names:
            self._problems.append("there are no names of classes that can be read")
        for name in BATCHES:
            path = self.path / name
            if path.is_symlink() or not path.is_file():
                continue
            try:
                batch = read_batch(path)
            except (InputError, OSError) as error:
                self._problems.append(f"{name} is not read: {error}")
                continue
            self.batches.append(batch)
        missing = [name for name in BATCHES[:6] if not (self.path / name).is_file()]
        if 0 < len(missing) < 6:
            self._problems.append(f"{', '.join(missing)} missing in this folder")

    def _open_rows(self) -> None:
        memory = memoryview(mapped(self.path))
        count = labels_before(bytes(memory[:_HEAD]), len(memory))
        if count is None:
            raise InputError(f"{self.path} is no file of CIFAR's binary version")
        self.batches.append(batch_of_rows(self.path.name, memory, count))
        self.said = (
            f"a guess: its size is that of rows of {count} label{'s' if count > 1 else ''} and 3,072 pixels, the "
            "labels are small enough, and the pixels vary like those of pictures, as in CIFAR's binary version"
        )
        names = _lines(self.path.with_name("batches.meta.txt"))
        self.names = {"labels": names} if count == 1 and len(names) == 10 else {}

    def structure(self) -> Mapping[str, Any]:
        """The batches: how many images, and which labels."""
        return {
            "batches": [
                {"name": batch.name, "images": len(batch.data), "labels": list(batch.labels)} for batch in self.batches
            ],
            "images": sum(len(batch.data) for batch in self.batches),
            "image_bytes": 3_072,
            **read_cost_of(self),
        }

    def warnings(self) -> list[str]:
        return self._problems

    def close(self) -> None:
        """There is nothing to close."""


def read_batch(path: Path) -> CifarBatch:
    """The batch in a pickle. Raises InputError where it is none."""
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"it has {path.stat().st_size:,} bytes, more than a batch of CIFAR")
    batch = batch_in(path.name, load(path.read_bytes()))
    if batch is None:
        raise InputError("it is no batch of CIFAR: it has no uint8 data of 3,072 columns with as many labels")
    return batch


def _lines(path: Path) -> list[str]:
    """The lines of a short regular file; none where there is none."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LONGEST_NAMES:
            return []
        return [line.strip() for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return []
