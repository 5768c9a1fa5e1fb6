"""The images of CIFAR's batches, one batch after the other."""

from __future__ import annotations

from typing import Any, ClassVar

from ..named_arrays.records import ArraySamples
from ..named_arrays.roles import ArrayGroup
from .batches import CifarBatch, batch_in, names_beside


class CifarBatches(ArraySamples):
    """Keys are `data_batch_1[5]`; both labels of CIFAR-100 are told, the fine one is the label."""

    kind: ClassVar[str] = "cifar"

    @classmethod
    def recognise(cls, file: Any) -> CifarBatches | None:
        """Of a `CifarFile` its batches; of a `PickleFile` the one that it may be."""
        batches: list[CifarBatch] = getattr(file, "batches", [])
        names: dict[str, list[str]] = getattr(file, "names", {})
        if not batches:
            batch = batch_in(file.path.name, file.value)
            if batch is None:
                return None
            batches, (names, _) = [batch], names_beside(file.path.parent)
        made = cls(file, [batch.group() for batch in batches])
        label = next(iter(batches[0].labels))
        made.classes = names.get(label)
        return made

    def file_of(self, group: ArrayGroup) -> str:
        """A batch is called as its file is."""
        return group.name if self.file.path.is_dir() else ""  # type: ignore[attr-defined]
