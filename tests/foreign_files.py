"""Small files of images as other tools write them, for `open_store`: the pixels and labels that are in them."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import table_fixtures
import tfrecord_fixtures
from inspect_fixtures import IMAGES, LABELS, SAMPLES, write_lmdb, write_objects
from PIL import Image

from benchmarks.read_only_files import write_mds


def jpeg(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=95)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


JPEGS = [jpeg(image) for image in IMAGES]
AS_JPEG = np.stack([decoded(data) for data in JPEGS])
GREY = np.repeat(IMAGES[:, :, :, :1], 3, axis=3)
NONE = np.full(SAMPLES, -1)


def lsun(path: Path) -> Path:
    return write_lmdb(path, lambda index: JPEGS[index])


def hdf5(images: np.ndarray, **options: object) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        with h5py.File(path, "w") as file:
            file.create_dataset("images", data=images, **options)
            file["labels"] = LABELS
        return path

    return write


def tar(path: Path, first: int = 0, stop: int = SAMPLES) -> Path:
    with tarfile.open(path, "w") as archive:
        for index in range(first, stop):
            for ending, data in (("jpg", JPEGS[index]), ("cls", str(LABELS[index]).encode())):
                member = tarfile.TarInfo(f"{index:06}.{ending}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return path


def tfrecord(path: Path) -> Path:
    named = [
        {"image/encoded": data, "image/class/label": int(label)} for data, label in zip(JPEGS, LABELS, strict=True)
    ]
    return tfrecord_fixtures.write(path, [tfrecord_fixtures.example(**one) for one in named])


def arrow(path: Path) -> Path:
    pairs = table_fixtures.pairs([{"bytes": data, "path": None} for data in JPEGS])
    return table_fixtures.arrow(path, table_fixtures.table({"image": pairs, "label": pa.array(LABELS)}))


def npy(images: np.ndarray) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        np.save(path.with_suffix(".npy"), images)
        return path.with_suffix(".npy")

    return write


def idx(path: Path) -> Path:
    """MNIST's two files."""
    grey = IMAGES[:, :28, :28, 0]
    path.mkdir()
    images, labels = path / "train-images-idx3-ubyte", path / "train-labels-idx1-ubyte"
    shape = b"".join(length.to_bytes(4, "big") for length in grey.shape)
    images.write_bytes(b"\0\0\x08\x03" + shape + grey.tobytes())
    labels.write_bytes(b"\0\0\x08\x01" + SAMPLES.to_bytes(4, "big") + LABELS.astype(np.uint8).tobytes())
    return images


def cifar(path: Path) -> Path:
    """CIFAR-10's folder of pickled batches, two of them."""
    path.mkdir()
    rows = IMAGES.transpose(0, 3, 1, 2).reshape(SAMPLES, -1)
    for number, part in enumerate((slice(0, 7), slice(7, SAMPLES)), 1):
        batch = {b"data": rows[part], b"labels": LABELS[part].tolist()}
        (path / f"data_batch_{number}").write_bytes(pickle.dumps(batch, 4))
    names = {b"label_names": [f"class {number}".encode() for number in range(10)]}
    (path / "batches.meta").write_bytes(pickle.dumps(names, 4))
    return path


def mds(path: Path) -> Path:
    """A folder of two shards and their index."""
    columns = {"image": ("jpeg", None), "label": ("int", 8)}
    samples = [{"image": data, "label": struct.pack("<q", label)} for data, label in zip(JPEGS, LABELS, strict=True)]
    return write_mds(path, columns, [samples[:5], samples[5:]])


FILES: dict[str, tuple[Callable[[Path], Path], np.ndarray, np.ndarray, bool]] = {
    "LMDB of JPEG": (lsun, AS_JPEG, NONE, True),
    "pickled tutorial": (write_objects, IMAGES, LABELS, True),
    "pickled by protocol 0": (lambda path: write_objects(path, 0), IMAGES, LABELS, False),
    "HDF5": (hdf5(IMAGES), IMAGES, LABELS, True),
    "HDF5, planes in chunks": (hdf5(IMAGES.transpose(0, 3, 1, 2), chunks=(5, 3, 32, 32)), IMAGES, LABELS, True),
    "HDF5, deflated": (hdf5(IMAGES, chunks=(5, 32, 32, 3), compression="gzip"), IMAGES, LABELS, False),
    "HDF5, 16 bits": (hdf5(IMAGES.astype(np.uint16) * 257), IMAGES, LABELS, False),
    "tar": (tar, AS_JPEG, LABELS, True),
    "TFRecord": (tfrecord, AS_JPEG, LABELS, True),
    "Arrow": (arrow, AS_JPEG, LABELS, True),
    "npy": (npy(IMAGES), IMAGES, NONE, True),
    "npy, grey": (npy(IMAGES[:, :, :, 0]), GREY, NONE, True),
    "idx": (idx, GREY[:, :28, :28], LABELS, True),
    "MDS": (mds, AS_JPEG, LABELS, True),
    "CIFAR": (cifar, IMAGES, LABELS, True),
}
"""name -> (writes it, pixels, labels, whether its images lie bare)."""
