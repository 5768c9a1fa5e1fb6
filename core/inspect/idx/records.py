"""The entries of an idx file: images with their labels, labels alone, rows of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...base import contracts
from ...images.bands import channel_axis
from .. import arrays
from ..fields import Declared, FieldRecords
from ..named_arrays.keys import place_in
from ..named_arrays.labels import one_based
from ..records import Finding
from .file import IdxFile

if TYPE_CHECKING:
    from ..places.arrays import ImageRow
    from ..places.form import ImagePlaces

_TRANSPOSED = "height and width are exchanged, as EMNIST keeps its images: a guess by the file's name"


class IdxRecords(FieldRecords):
    """One record for each entry along the first axis; keys are `images[5]`, `labels[5]`, `rows[5]`."""

    kind: ClassVar[str] = "idx"
    noun: ClassVar[str] = "rows"
    file: IdxFile

    def __len__(self) -> int:
        return self.file.entries

    def key(self, index: int) -> str:
        return f"{self.noun}[{index}]"

    def find(self, key: str) -> int | None:
        return place_in(key, self.noun, len(self))

    @property
    def probed(self) -> int:
        return min(self.file.array.near(0), len(self))

    def _row(self, index: int) -> Any:
        return self.file.array.row(0, index)


class IdxImages(IdxRecords):
    """Arrays of three axes, (N, H, W), or of four with an axis of channels."""

    noun = "images"
    transposed: ClassVar[bool] = False

    def __init__(self, file: IdxFile, said: str = "") -> None:
        labels = file.labels
        shape = "x".join(map(str, file.header.shape))
        told = [f"the magic number of an idx file, and {shape} numbers of {file.header.dtype}", said]
        told += [f"{labels.name} beside it has a label for each"] if labels.numbers is not None else []
        super().__init__(file, "; ".join(filter(None, told)), Declared(image="image", label="label", exact=True))
        if labels.numbers is None:
            self._tell_missing_labels(labels.problem)
        else:
            self.findings += one_based(labels.numbers, labels.name)

    @classmethod
    def recognise(cls, file: IdxFile) -> IdxImages | None:
        return cls(file) if is_of_images(file) else None

    def fields(self, index: int) -> Mapping[str, Any]:
        return {"image": self._image(self._row(index)), **self.label_fields(index)}

    def label_fields(self, index: int) -> Mapping[str, Any]:
        numbers = self.file.labels.numbers
        return {} if numbers is None else {"label": int(numbers[index])}

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.arrays import ArrayPlaces

        return ArrayPlaces(self, super().image_places(path, labelled), path, labelled)

    def image_row(self, index: int) -> ImageRow | None:
        """See `places.arrays.OfRows`."""
        from ..places.arrays import ImageRow

        return ImageRow("image", self._row(index), lambda values: {"image": self._image(values)})

    def _image(self, row: arrays.Array) -> arrays.Array:
        image = arrays.channels_last(row)
        return image.transpose(1, 0, 2) if self.transposed else image

    def stored_bytes(self, index: int) -> int | None:
        return self.file.array.stored_bytes // max(len(self), 1)

    def numbers(self) -> contracts.Labels | None:
        numbers = self.file.labels.numbers
        return None if numbers is None or len(numbers) != len(self) else numbers

    def _tell_missing_labels(self, problem: str) -> None:
        self.findings.append(
            Finding(
                "labels-do-not-fit" if problem else "no-labels",
                1,
                self.file.path.name,
                problem or "no file of labels lies beside the images",
                "put the file of labels of the same download beside it, as train-labels-idx1-ubyte(.gz)",
            )
        )


class TransposedImages(IdxImages):
    """The same on their side. Never recognised, only asked for."""

    transposed = True


class EmnistImages(TransposedImages):
    """By the name of the file, which is all that tells it: the bytes are like MNIST's."""

    @classmethod
    def recognise(cls, file: IdxFile) -> EmnistImages | None:
        if not is_of_images(file) or not file.path.name.lower().startswith("emnist"):
            return None
        return cls(file, f"{_TRANSPOSED}; the schema idx-images shows them as they lie in the file")


class LabelsAlone(IdxRecords):
    """An array of one axis of whole numbers."""

    noun = "labels"

    @classmethod
    def recognise(cls, file: IdxFile) -> LabelsAlone | None:
        if len(file.header.shape) != 1 or file.header.dtype.kind not in "iu":
            return None
        made = cls(
            file, "the magic number of an idx file of one axis, as labels have", Declared(label="label", exact=True)
        )
        numbers = made.numbers()
        made.findings += one_based(numbers, file.path.name) if numbers is not None else []
        return made

    def fields(self, index: int) -> Mapping[str, Any]:
        return {"label": int(self._row(index))}

    def numbers(self) -> contracts.Labels | None:
        """None where they are more than are read at once, or broken."""
        try:
            return self.file.array.rows(0, 0, len(self)).astype(np.int64)
        except ValueError:
            return None


class IdxRows(IdxRecords):
    """Anything else: each entry as the numbers that it is."""

    @classmethod
    def recognise(cls, file: IdxFile) -> IdxRows | None:
        shape = "x".join(map(str, file.header.shape))
        return cls(file, f"the magic number of an idx file; {shape} numbers are no images", Declared(exact=True))

    def fields(self, index: int) -> Mapping[str, Any]:
        return {"values": np.asarray(self._row(index))}


def is_of_images(file: IdxFile) -> bool:
    """Whether each entry has the shape of an image."""
    shape = file.header.shape[1:]
    if not 2 <= len(shape) <= 3 or min(shape) < 1:
        return False
    return len(shape) == 2 or channel_axis(shape) is not None
