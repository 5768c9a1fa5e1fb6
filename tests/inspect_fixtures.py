"""Files as tutorials make them, with the tutorials' own means: pickle, h5py, csv, Pillow."""

from __future__ import annotations

import csv
import io
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import lmdb
import numpy as np
from PIL import Image

SAMPLES = 12
_random = np.random.default_rng(0)
IMAGES = _random.integers(0, 256, (SAMPLES, 32, 32, 3), np.uint8)
LABELS = _random.integers(0, 10, SAMPLES)


class CIFAR_Image:  # noqa: N801 - the tutorial's name, which is in the pickles
    """The class that a tutorial pickles, attribute by attribute."""

    def __init__(self, image: np.ndarray, label: Any) -> None:
        self.channels = image.shape[2]
        self.size = image.shape[:2]
        self.image = image.tobytes()
        self.label = label


class Hostile:
    """Pickles to a call that leaves a marker, if anybody executes it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


def write_lmdb(
    path: Path, value: Callable[[int], bytes], extra: Mapping[bytes, bytes] | None = None, samples: int = SAMPLES
) -> Path:
    """Values under the keys b"00000000", ..., and whatever else, in a map far larger than needed."""
    environment = lmdb.open(str(path), map_size=1 << 30)
    with environment.begin(write=True) as transaction:
        for index in range(samples):
            transaction.put(f"{index:08}".encode("ascii"), value(index))
        for key, data in (extra or {}).items():
            transaction.put(key, data)
    environment.close()
    return path


def write_objects(path: Path, protocol: int | None = None, images: np.ndarray = IMAGES) -> Path:
    return write_lmdb(path, lambda i: pickle.dumps(CIFAR_Image(images[i], LABELS[i]), protocol))


def write_dicts(path: Path, image: Callable[[np.ndarray], Any], compression: str | None, metadata: Any = None) -> Path:
    def value(index: int) -> bytes:
        return pickle.dumps({"image": image(IMAGES[index]), "label": int(LABELS[index]), "compression": compression})

    extra = {} if metadata is None else {b"__metadata__": pickle.dumps(metadata)}
    return write_lmdb(path, value, extra)


def write_single_hdf5(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("image", np.shape(IMAGES[0]), h5py.h5t.STD_U8BE, data=IMAGES[0])
        file.create_dataset("meta", np.shape(LABELS[0]), h5py.h5t.STD_U8BE, data=LABELS[0])
    return path


def write_many_hdf5(path: Path, labels: np.ndarray = LABELS) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("images", np.shape(IMAGES), h5py.h5t.STD_U8BE, data=IMAGES)
        file.create_dataset("meta", np.shape(labels), h5py.h5t.STD_U8BE, data=labels)
    return path


def write_labels(path: Path, labels: Any) -> None:
    with path.open("w") as file:
        writer = csv.writer(file, delimiter=" ", quotechar="|", quoting=csv.QUOTE_MINIMAL)
        for label in labels:
            writer.writerow([label])


def write_many_disk(folder: Path) -> Path:
    """All images as <i>.png, all labels in <n>.csv."""
    folder.mkdir()
    for index, image in enumerate(IMAGES):
        Image.fromarray(image).save(folder / f"{index}.png")
    write_labels(folder / f"{SAMPLES}.csv", LABELS)
    return folder


def write_single_disk(folder: Path) -> Path:
    """Each image as <i>.png, its label in <i>.csv."""
    folder.mkdir()
    for index, image in enumerate(IMAGES):
        Image.fromarray(image).save(folder / f"{index}.png")
        write_labels(folder / f"{index}.csv", [LABELS[index]])
    return folder


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()
