"""Sound files of named arrays to be mangled: idx, MATLAB 5, safetensors, pickles, CIFAR, NumPy's, Zarr. See
`benchmarks.mangled`."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

COUNT = 24
LABELS = np.arange(COUNT) % 10


def _images(side: int = 32) -> np.ndarray[Any, Any]:
    """uint8 (COUNT, side, side, 3), neighbouring pixels alike."""
    grid = np.arange(side) / 4
    waves = np.stack([np.sin(grid + place)[:, None] + np.cos(grid - place)[None] for place in range(COUNT)])
    return (waves[..., None] * np.array([50, 40, 30]) + 120).astype(np.uint8)


def _idx(values: np.ndarray[Any, Any]) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def idx_of_images(path: Path) -> Path:
    path.write_bytes(_idx(_images()[:, :, :, 0]))
    return path


def idx_behind_gzip(path: Path) -> Path:
    path.write_bytes(gzip.compress(_idx(_images()[:, :, :, 0]), 6, mtime=0))
    return path


def idx_of_labels(path: Path) -> Path:
    path.write_bytes(_idx(LABELS.astype(np.uint8)))
    return path


def _mat(path: Path, compressed: bool, **variables: Any) -> Path:
    from scipy.io import savemat

    with path.open("wb") as file:
        savemat(file, variables, do_compression=compressed)
    return path


def mat5_of_arrays(path: Path) -> Path:
    return _mat(path, False, X=_images().transpose(1, 2, 3, 0), y=LABELS[:, None] + 1)


def mat5_compressed(path: Path) -> Path:
    return _mat(path, True, X=_images().transpose(1, 2, 3, 0), y=LABELS[:, None] + 1)


def mat5_of_structures(path: Path) -> Path:
    names = np.empty((1, 10), object)
    names[0, :] = [f"class {number}" for number in range(10)]
    rows = np.array([(1, "a"), (2, "b")], dtype=[("x", "O"), ("y", "O")])
    return _mat(path, False, data={"images": _images(), "labels": LABELS}, names=names, rows=rows, text="hello")


def safetensors_of_images(path: Path) -> Path:
    arrays = {"images": _images(), "labels": LABELS}
    header: dict[str, Any] = {}
    body = b""
    for name, array in arrays.items():
        place = [len(body), len(body) + array.nbytes]
        header[name] = {"dtype": {1: "U8", 8: "I64"}[array.itemsize], "shape": array.shape, "data_offsets": place}
        body += array.tobytes()
    text = json.dumps(header | {"__metadata__": {"made": "by hand"}}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def pickle_of_samples(path: Path) -> Path:
    samples = [{"image": image, "label": int(label)} for image, label in zip(_images(16), LABELS, strict=True)]
    path.write_bytes(pickle.dumps(samples))
    return path


def pickle_of_arrays(path: Path) -> Path:
    path.write_bytes(pickle.dumps({"train": (_images(16), LABELS), "names": list("abcdefghij")}, 2))
    return path


def _rows() -> np.ndarray[Any, Any]:
    return _images().transpose(0, 3, 1, 2).reshape(COUNT, -1)


def cifar_batch(path: Path) -> Path:
    names = [b"image_%d.png" % place for place in range(COUNT)]
    batch = {b"batch_label": b"one", b"labels": LABELS.tolist(), b"data": _rows(), b"filenames": names}
    path.write_bytes(pickle.dumps(batch, 2))
    return path


def cifar_rows(path: Path) -> Path:
    path.write_bytes(np.concatenate([LABELS.astype(np.uint8)[:, None], _rows()], axis=1).tobytes())
    return path


def npy_of_images(path: Path) -> Path:
    with path.open("wb") as file:
        np.save(file, _images())
    return path


def npy_of_structures(path: Path) -> Path:
    table = np.zeros(COUNT, [("image", np.uint8, (32, 32, 3)), ("label", "<i4"), ("name", "U8")])
    table["image"], table["label"], table["name"] = _images(), LABELS, "abc"
    with path.open("wb") as file:
        np.save(file, table)
    return path


def npy_of_objects(path: Path) -> Path:
    with path.open("wb") as file:
        np.save(file, np.array({"x": _images(16), "y": LABELS}, object), allow_pickle=True)
    return path


def npz_stored(path: Path) -> Path:
    with path.open("wb") as file:
        np.savez(file, x_train=_images(), y_train=LABELS, x_test=_images()[:5], y_test=LABELS[:5])
    return path


def npz_compressed(path: Path) -> Path:
    with path.open("wb") as file:
        np.savez_compressed(file, images=_images(), labels=LABELS, names=np.array(list("abcdefghij")))
    return path


def _zarr(path: Path, **options: Any) -> Path:
    import zarr

    group = zarr.create_group(path, zarr_format=options.pop("zarr_format", 3))
    group.create_array("images", shape=(COUNT, 32, 32, 3), dtype="uint8", **options)[:] = _images()
    group.create_array("labels", shape=(COUNT,), chunks=(10,), dtype="int64")[:] = LABELS
    return path


def zarr_in_chunks(path: Path) -> Path:
    return _zarr(path, chunks=(5, 20, 32, 3))


def zarr_in_shards(path: Path) -> Path:
    return _zarr(path, chunks=(1, 32, 32, 3), shards=(8, 32, 32, 3))


def zarr_2_in_blosc(path: Path) -> Path:
    import numcodecs

    return _zarr(path, zarr_format=2, chunks=(6, 32, 32, 3), compressors=numcodecs.Blosc())


def table_of_images(path: Path) -> Path:
    from PIL import Image

    path.mkdir()
    for number, image in enumerate(_images()):
        Image.fromarray(image).save(path / f"{number}.png")
    lines = [f"{number}.png,{label},{label}" for number, label in enumerate(LABELS)]
    (path / "train.csv").write_text("\n".join(["path,label,class", *lines, ""]))
    return path


def _named(*makers: Callable[[Path], Path]) -> dict[str, Callable[[Path], Path]]:
    return {make.__name__: make for make in makers}


LAYOUTS = {
    "idx": _named(idx_of_images, idx_behind_gzip, idx_of_labels),
    "mat5": _named(mat5_of_arrays, mat5_compressed, mat5_of_structures),
    "safetensors": _named(safetensors_of_images),
    "pickle": _named(pickle_of_samples, pickle_of_arrays),
    "cifar": _named(cifar_batch, cifar_rows),
    "npy": _named(npy_of_images, npy_of_structures, npy_of_objects),
    "npz": _named(npz_stored, npz_compressed),
    "zarr": _named(zarr_in_chunks, zarr_in_shards, zarr_2_in_blosc),
    "folder": _named(table_of_images),
}
