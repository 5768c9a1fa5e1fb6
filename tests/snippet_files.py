"""More small files as other tools write them, each with the pixels and labels that are in it: what programs are written
for (`foreign_files` has the others)."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import array_files
import h5py
import lmdb_fixtures
import numpy as np
import pyarrow as pa
import scipy.io
import table_fixtures
import tfrecord_fixtures
import zarr
from foreign_files import AS_JPEG, FILES, GREY, JPEGS, NONE, tar
from inspect_fixtures import IMAGES, LABELS, SAMPLES, png, write_dicts
from snippet_containers import CONTAINERS, NAMED, WORDS

Entry = tuple[Callable[[Path], Path], np.ndarray, np.ndarray]


def _zarr(path: Path) -> Path:
    group = zarr.open_group(path, mode="w")
    group.create_array("images", data=IMAGES, chunks=(4, 32, 32, 3))
    group.create_array("labels", data=LABELS)
    return path


def _safetensors(path: Path) -> Path:
    path.write_bytes(array_files.safetensors({"images": IMAGES, "labels": LABELS.astype(np.int64)}, array_files.CODES))
    return path


def _mat5(path: Path) -> Path:
    file = path.with_suffix(".mat")
    scipy.io.savemat(file, {"X": IMAGES.transpose(1, 2, 3, 0), "y": LABELS.reshape(-1, 1)})
    return file


def _idx_gz(path: Path) -> Path:
    path.mkdir()
    images, labels = path / "train-images-idx3-ubyte.gz", path / "train-labels-idx1-ubyte.gz"
    images.write_bytes(gzip.compress(array_files.idx(IMAGES[:, :, :, 0])))
    labels.write_bytes(gzip.compress(array_files.idx(LABELS.astype(np.uint8))))
    return images


def _npz(path: Path) -> Path:
    file = path.with_suffix(".npz")
    np.savez_compressed(file, x_train=IMAGES, y_train=LABELS)
    return file


def _npy_folder(path: Path) -> Path:
    path.mkdir()
    np.save(path / "images.npy", IMAGES)
    np.save(path / "labels.npy", LABELS)
    return path


def _lmdb(
    value: Callable[[int], bytes], key: Callable[[int], bytes] = lambda at: b"%08d" % at
) -> Callable[[Path], Path]:
    return lambda path: lmdb_fixtures.write(path, {key(at): value(at) for at in range(SAMPLES)})


def _crnn(path: Path) -> Path:
    values = {b"num-samples": b"%d" % SAMPLES}
    for at in range(SAMPLES):
        values |= {b"image-%09d" % (at + 1): JPEGS[at], b"label-%09d" % (at + 1): WORDS[at % 3].encode()}
    return lmdb_fixtures.write(path, values)


def _hdf5(**datasets: np.ndarray) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        with h5py.File(path, "w") as file:
            for name, values in datasets.items():
                file[name] = values
        return path

    return write


def _hdf5_vlen(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        images = file.create_dataset("images", (SAMPLES,), h5py.vlen_dtype(np.uint8))
        for at, data in enumerate(JPEGS):
            images[at] = np.frombuffer(data, np.uint8)
        file["labels"] = LABELS
    return path


def _tar_json(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        for at, data in enumerate(JPEGS):
            for ending, content in (("jpg", data), ("json", b'{"label": %d, "caption": "x"}' % LABELS[at])):
                member = tarfile.TarInfo(f"{at:06}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def _tars(path: Path) -> Path:
    path.mkdir()
    tar(path / "train-000000.tar", 0, 6)
    tar(path / "train-000001.tar", 6, SAMPLES)
    return path


def _tfrecords(path: Path) -> Path:
    path.mkdir()
    for number, rows in enumerate((range(5), range(5, SAMPLES))):
        some = [{"image/encoded": JPEGS[at], "image/class/label": int(LABELS[at])} for at in rows]
        file = path / f"train-{number:05d}-of-00002.tfrecord"
        tfrecord_fixtures.write(file, [tfrecord_fixtures.example(**one) for one in some])
    return path


def _parquet(path: Path) -> Path:
    rows = table_fixtures.table({"jpg": pa.array(JPEGS, pa.binary()), "cls": pa.array(LABELS.tolist())})
    return table_fixtures.parquet(path.with_suffix(".parquet"), rows, row_group_size=4)


def _arrow_stream(path: Path) -> Path:
    rows = table_fixtures.table({"image": pa.array(JPEGS, pa.binary()), "label": pa.array(LABELS.tolist())})
    return table_fixtures.arrow(path.with_suffix(".arrow"), rows, stream=True)


def _pickled(at: int) -> bytes:
    return pickle.dumps({"image": IMAGES[at], "label": int(LABELS[at])})


MORE: dict[str, Entry] = {
    "Zarr": (_zarr, IMAGES, LABELS),
    "safetensors": (_safetensors, IMAGES, LABELS),
    "MATLAB 5": (_mat5, IMAGES, LABELS),
    "idx, gzip": (_idx_gz, GREY, LABELS),
    "npz": (_npz, IMAGES, LABELS),
    "npy, a folder": (_npy_folder, IMAGES, LABELS),
    "LMDB of Datum": (_lmdb(lambda at: lmdb_fixtures.datum(IMAGES[at], int(LABELS[at]))), IMAGES, LABELS),
    "LMDB of Datum, encoded": (
        _lmdb(lambda at: lmdb_fixtures.datum_encoded(JPEGS[at], int(LABELS[at]))), AS_JPEG, LABELS,
    ),
    "LMDB of CRNN": (_crnn, AS_JPEG, NAMED),
    "LMDB of paths": (
        _lmdb(JPEGS.__getitem__, lambda at: f"train/{WORDS[at % 2]}/{at:03d}.jpg".encode()), AS_JPEG, None,
    ),
    "LMDB of numbers": (_lmdb(JPEGS.__getitem__, lambda at: b"%d" % at), AS_JPEG, NONE),
    "LMDB of pickled dicts": (_lmdb(_pickled), IMAGES, LABELS),
    "LMDB of pickled dicts with PNG": (lambda path: write_dicts(path, png, "png"), IMAGES, LABELS),
    "HDF5 of JPEG": (_hdf5_vlen, AS_JPEG, LABELS),
    "HDF5, samples last": (_hdf5(X=IMAGES.transpose(1, 2, 3, 0), y=LABELS), IMAGES, LABELS),
    "HDF5, one-hot": (_hdf5(images=IMAGES, labels=np.eye(10)[LABELS]), IMAGES, LABELS),
    "HDF5, floats": (_hdf5(images=(IMAGES / 255).astype(np.float32), labels=LABELS), IMAGES, LABELS),
    "tar with JSON": (_tar_json, AS_JPEG, LABELS),
    "tar, shards": (_tars, AS_JPEG, LABELS),
    "TFRecord, shards": (_tfrecords, AS_JPEG, LABELS),
    "Parquet": (_parquet, AS_JPEG, LABELS),
    "Arrow, a stream": (_arrow_stream, AS_JPEG, LABELS),
}  # fmt: skip
"""name -> (writes it, pixels, class numbers; None where these are the order of the keys')."""

EVERY: dict[str, Entry] = {name: entry[:3] for name, entry in FILES.items()} | MORE | CONTAINERS
