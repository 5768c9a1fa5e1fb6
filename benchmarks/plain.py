"""Reading our stores with nothing of ours: py-lmdb, h5py, pyarrow, the csv module, and the compressions' own libraries.

This is what another program would do, and the proof that it can.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import tarfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import lmdb
import lz4.frame
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard


def plainly_decompressed(data: bytes, compression: str, dictionary: bytes | None) -> bytes:
    """With the compression's own library and nothing of ours."""
    if compression == "none":
        return data
    if compression == "lz4":
        return bytes(lz4.frame.decompress(data))
    trained = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdDecompressor(dict_data=trained).decompress(data)


Plain = tuple[list[bytes], list[int], bytes | None]
"""Payloads, labels and the compression's dictionary of a split."""


def read_plainly(store: Path, split: str, format: str) -> Plain:
    """With py-lmdb, h5py, the format's own library or a file manager's means alone."""
    return PLAINLY[format](store, split)


def _lmdb(store: Path, split: str) -> Plain:
    with lmdb.open(str(store / f"{split}.lmdb"), readonly=True, lock=False) as env, env.begin() as txn:
        labels = np.frombuffer(txn.get(b"__labels__"), "<i8").tolist()
        return [txn.get(b"%08d" % i) for i in range(len(labels))], labels, txn.get(b"__dictionary__")


def _hdf5(store: Path, split: str) -> Plain:
    with h5py.File(store / f"{split}.h5") as file:
        dictionary = file["dictionary"][()].tobytes() if "dictionary" in file else None
        if "images" in file:
            return [image.tobytes() for image in file["images"]], file["labels"][()].tolist(), dictionary
        data, offsets = file["bytes"][()].tobytes(), file["offsets"][()].tolist()
        payloads = [data[start:end] for start, end in pairwise(offsets)]
        return payloads, file["labels"][()].tolist(), dictionary


def _disk(store: Path, split: str) -> Plain:
    folder = store / split
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    payloads = [(folder / row["path"]).read_bytes() for row in rows]
    return payloads, [int(row["label"]) for row in rows], dictionary_beside(folder)


def _npy(store: Path, split: str) -> Plain:
    folder = store / split
    labels = np.load(folder / "labels.npy").tolist()
    if (folder / "images.npy").exists():
        payloads = [image.tobytes() for image in np.load(folder / "images.npy", mmap_mode="r")]
    else:
        data, offsets = np.load(folder / "bytes.npy").tobytes(), np.load(folder / "offsets.npy").tolist()
        payloads = [data[start:end] for start, end in pairwise(offsets)]
    return payloads, labels, dictionary_beside(folder)


def _zarr(store: Path, split: str) -> Plain:
    import zarr

    group = zarr.open_group(store / f"{split}.zarr", mode="r")
    labels = group["labels"][:].tolist()
    dictionary = group["dictionary"][:].tobytes() if "dictionary" in group else None
    if "images" in group:
        return [image.tobytes() for image in group["images"][:]], labels, dictionary
    data = group["bytes"][:].tobytes()
    places = zip(group["offsets"][:].tolist(), group["lengths"][:].tolist(), strict=True)
    return [data[start : start + length] for start, length in places], labels, dictionary


def _webdataset(store: Path, split: str) -> Plain:
    payloads, labels = [], []
    for shard in sorted((store / split).glob("*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                file = archive.extractfile(member)
                data = b"" if file is None else file.read()
                if member.name.endswith(".cls"):
                    labels.append(int(data))
                else:
                    payloads.append(np.load(io.BytesIO(data)).tobytes() if member.name.endswith(".npy") else data)
    return payloads, labels, dictionary_beside(store / split)


def _csv(store: Path, split: str) -> Plain:
    folder = store / split
    root = folder / json.loads((folder / "metadata.json").read_text())["root"]
    with (folder / f"{split}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    payloads = [(root / row["path"]).read_bytes() for row in rows]
    return payloads, [int(row["label"]) for row in rows], dictionary_beside(folder)


def dictionary_beside(folder: Path) -> bytes | None:
    """Of a container that is a folder."""
    dictionary = folder / "__dictionary__"
    return dictionary.read_bytes() if dictionary.exists() else None


def _arrow(store: Path, split: str) -> Plain:
    with pa.memory_map(str(store / f"{split}.arrow")) as file:
        table = pa.ipc.open_file(file).read_all()
    dictionary = table.schema.metadata.get(b"format_matters_dictionary")
    return *_rows(table), None if dictionary is None else base64.b64decode(dictionary)


def _parquet(store: Path, split: str) -> Plain:
    files = sorted((store / split).glob(f"{split}-*-of-*.parquet"))
    return *_rows(pa.concat_tables([pq.read_table(file) for file in files])), dictionary_beside(store / split)


def _rows(table: pa.Table) -> tuple[list[bytes], list[int]]:
    images = table.column("image").to_pylist()
    payloads = [image["bytes"] if isinstance(image, dict) else image for image in images]
    return payloads, table.column("label").to_pylist()


def _tfrecord(store: Path, split: str) -> Plain:
    """By the definitions of TFRecord and of protocol buffers; checksums are left to `tests/test_tfrecord.py`."""
    payloads, labels = [], []
    for shard in sorted((store / split).glob(f"{split}-*-of-*")):
        data = gzip.decompress(shard.read_bytes()) if shard.suffix == ".gz" else shard.read_bytes()
        at = 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 8], "little")
            features = plain_example(data[at + 12 : at + 12 + length])
            payloads.append(features["image/encoded"])
            labels.append(features["image/class/label"])
            at += 16 + length
    return payloads, labels, dictionary_beside(store / split)


def plain_example(data: bytes) -> dict[str, Any]:
    """A `tf.train.Example` whose features have one value each: bytes or a number from 0 on."""
    found = {}
    for _, feature in plain_fields(plain_fields(data)[0][1]):
        (_, name), (_, value) = plain_fields(feature)
        ((kind, inside),) = plain_fields(value)
        ((_, content),) = plain_fields(inside)
        found[name.decode()] = content if kind == 1 else _plain_varint(content, 0)[0]
    return found


def plain_fields(data: bytes) -> list[tuple[int, bytes]]:
    """A message of protocol buffers all of whose fields have a length: (number, content) each."""
    found, at = [], 0
    while at < len(data):
        tag, at = _plain_varint(data, at)
        assert tag & 7 == 2, "a field of another type"
        length, at = _plain_varint(data, at)
        found.append((tag >> 3, data[at : at + length]))
        at += length
    return found


def _plain_varint(data: bytes, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while data[at] & 0x80:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1


PLAINLY: dict[str, Callable[[Path, str], Plain]] = {
    "lmdb": _lmdb,
    "hdf5": _hdf5,
    "disk": _disk,
    "arrow": _arrow,
    "parquet": _parquet,
    "npy": _npy,
    "csv": _csv,
    "zarr": _zarr,
    "tfrecord": _tfrecord,
    "webdataset": _webdataset,
}
"""By format: (store, split) -> what is in it."""
