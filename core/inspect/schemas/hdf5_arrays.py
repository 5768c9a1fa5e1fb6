"""HDF5 files that keep images as arrays, under the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

import h5py
import numpy as np

from core.contracts import Buffer, Labels, Pixels
from core.inspect import arrays
from core.inspect.hdf5_file import Hdf5File
from core.inspect.records import Label, Record
from core.inspect.values import image_encoding, image_from_bytes

IMAGE_NAMES = (
    "images",
    "image",
    "imgs",
    "img",
    "x",
    "data",
    "x_train",
    "train_set_x",
    "x_test",
    "test_set_x",
    "features",
)
LABEL_NAMES = (
    "labels",
    "label",
    "meta",
    "y",
    "targets",
    "target",
    "y_train",
    "train_set_y",
    "y_test",
    "test_set_y",
    "ans",
)


class ImageArray:
    """Records that are the rows of one dataset, with labels in another of the same length, or none."""

    kind: ClassVar[str] = "hdf5"

    def __init__(self, file: Hdf5File, why: str, images: h5py.Dataset, labels: h5py.Dataset | None) -> None:
        self.file = file
        self.why = why
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self._images = images
        self._labels = labels
        self._name: str = images.name.lstrip("/")

    def __len__(self) -> int:
        return int(self._images.shape[0])

    def key(self, index: int) -> str:
        return f"{self._name}[{index}]"

    def find(self, key: str) -> int | None:
        matched = re.fullmatch(rf"(?:/?{re.escape(self._name)}\[)?(\d{{1,18}})\]?", key)
        index = int(matched[1]) if matched else -1
        return index if 0 <= index < len(self) else None

    def label(self, index: int) -> Label:
        if self._labels is None:
            return None
        return arrays.label_of(self.file.rows(self._labels, index, index + 1)[0])

    def numbers(self) -> Labels | None:
        labels = self._labels
        if labels is None or labels.dtype.kind not in "biu" or labels.size != len(self):
            return None
        return self.file.rows(labels, 0, len(self)).reshape(-1).astype(np.int64)

    def read(self, index: int) -> Record:
        value = self.file.rows(self._images, index, index + 1)[0]
        return record_of(self.key(index), self.label(index), value, _stored_row(self._images))


class SingleImage(ImageArray):
    """One image in `image`, its label in `meta` (a scalar)."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> SingleImage | None:
        image, meta = file.datasets.get("image"), file.datasets.get("meta")
        if image is None or meta is None or not _is_image(image.shape, image.dtype) or meta.size != 1:
            return None
        return cls(file, f"the datasets are image, of shape {image.shape}, and meta, of one value", image, meta)

    def __len__(self) -> int:
        return 1

    def key(self, index: int) -> str:
        return self._name

    def find(self, key: str) -> int | None:
        return 0 if key.lstrip("/") in (self._name, "0") else None

    def label(self, index: int) -> Label:
        return arrays.label_of(self.file.rows(self._labels, 0, 1))

    def read(self, index: int) -> Record:
        value = self.file.rows(self._images, 0, self._images.shape[0])
        return record_of(self.key(0), self.label(0), value, int(self._images.id.get_storage_size()))


class ManyImages(ImageArray):
    """Many images in `images`, their labels in `meta`."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> ManyImages | None:
        images, meta = file.datasets.get("images"), file.datasets.get("meta")
        if images is None or meta is None or not _is_image(images.shape[1:], images.dtype) or not _fits(images, meta):
            return None
        return cls(file, f"the datasets are images, of shape {images.shape}, and meta, of as many labels", images, meta)


class NamedArrays(ImageArray):
    """An array of images (or of image files' bytes), recognised by its shape or name, and labels of the same length."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> NamedArrays | None:
        candidates = [item for item in file.datasets.items() if _may_be_images(item[1])]
        if not candidates:
            return None
        name, images = max(candidates, key=lambda item: (_rank(item[0], IMAGE_NAMES), item[1].nbytes))
        labelled = [item for item in file.datasets.items() if item[0] != name and _may_be_labels(images, item[1])]
        label_name, labels = max(labelled, key=lambda item: _rank(item[0], LABEL_NAMES), default=(None, None))
        why = f"{name} has the shape of images, {images.shape}"
        return cls(file, f"{why}, and {label_name} has a label for each" if label_name else why, images, labels)


class Datasets:
    """The datasets themselves, where none of them is known to hold images."""

    kind: ClassVar[str] = "hdf5"

    def __init__(self, file: Hdf5File) -> None:
        self.why = "no dataset has the shape of images; the datasets themselves are listed"
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self._file = file
        self._names = list(file.datasets)

    @classmethod
    def recognise(cls, file: Hdf5File) -> Datasets:
        return cls(file)

    def __len__(self) -> int:
        return len(self._names)

    def key(self, index: int) -> str:
        return self._names[index]

    def find(self, key: str) -> int | None:
        return self._names.index(key.lstrip("/")) if key.lstrip("/") in self._names else None

    def label(self, index: int) -> Label:
        return None

    def numbers(self) -> Labels | None:
        return None

    def read(self, index: int) -> Record:
        dataset = self._file.datasets[self._names[index]]
        rows = 0 if dataset.shape in ((), None) else min(int(dataset.shape[0]), 64)
        values = self._file.rows(dataset, 0, rows) if dataset.shape is not None else np.empty(0)
        return Record(
            key=self._names[index],
            label=None,
            encoding="dataset",
            payload=b"" if values.dtype.hasobject else values.tobytes()[:4096],
            shape=dataset.shape,
            dtype=str(dataset.dtype),
            stored_bytes=int(dataset.id.get_storage_size()),
            text=np.array2string(values, threshold=64, edgeitems=4)[:4000],
        )


def record_of(key: str, label: Label, value: Any, stored_bytes: int | None) -> Record:
    """One row of a dataset as a record."""
    payload, pixels, shape, dtype, encoding, problem = _decoded(np.asarray(value) if not _is_bytes(value) else value)
    return Record(key, label, encoding, payload, pixels, shape, dtype, stored_bytes, problem)


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes | np.void)


def _decoded(value: Any) -> tuple[Buffer, Pixels | None, tuple[int, ...] | None, str, str, str | None]:
    """(payload, pixels, shape, dtype, encoding, problem) of an array of pixels, or of an image file's bytes."""
    if _is_bytes(value) or value.ndim == 1:
        data = value if isinstance(value, bytes) else value.tobytes()
        try:
            pixels, shape, encoding = image_from_bytes(data)
            return data, pixels, shape, "uint8", encoding, None
        except ValueError as error:
            return data, None, None, "uint8", image_encoding(data) or "bytes", str(error)
    payload = b"" if value.dtype.hasobject else arrays.flat(value)
    try:
        return payload, arrays.to_rgb(value), value.shape, str(value.dtype), "raw", None
    except ValueError as error:
        return payload, None, value.shape, str(value.dtype), "raw", str(error)


def _is_image(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array of this shape and type can be one image."""
    if dtype.kind not in "biuf" or 0 in shape:
        return False
    return len(shape) == 2 or (len(shape) == 3 and (shape[2] in arrays.CHANNELS or shape[0] in arrays.CHANNELS))


def _may_be_images(dataset: h5py.Dataset) -> bool:
    if not dataset.shape:
        return False
    if len(dataset.shape) == 1:
        return _holds_bytes(dataset) and _first_is_image(dataset)
    return len(dataset.shape) >= 3 and _is_image(dataset.shape[1:], dataset.dtype) and min(dataset.shape[1:3]) > 0


def _holds_bytes(dataset: h5py.Dataset) -> bool:
    """Rows of bytes: opaque, or a variable number of uint8."""
    return (
        bool(dataset.dtype.kind == "V" and not dataset.dtype.names) or h5py.check_vlen_dtype(dataset.dtype) == np.uint8
    )


def _first_is_image(dataset: h5py.Dataset) -> bool:
    row = dataset[:1]
    return len(row) > 0 and image_encoding(row[0].tobytes()[:64]) is not None


def _may_be_labels(images: h5py.Dataset, dataset: h5py.Dataset) -> bool:
    return _fits(images, dataset) and (len(dataset.shape) == 1 or len(dataset.shape) == 2)


def _fits(images: h5py.Dataset, labels: h5py.Dataset) -> bool:
    return bool(labels.shape) and labels.shape[0] == images.shape[0] and labels.dtype.kind in "biufSO"


def _rank(name: str, known: Sequence[str]) -> int:
    """How much a name promises: the earlier in `known`, the more; 0 for none of them."""
    last = name.rsplit("/", 1)[-1].lower()
    return len(known) - known.index(last) if last in known else 0


def _stored_row(dataset: h5py.Dataset) -> int:
    """A row's share of what the dataset takes in the file."""
    return int(dataset.id.get_storage_size()) // max(int(dataset.shape[0]), 1)
