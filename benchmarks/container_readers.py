"""Stores read with the formats' own tools, in a process that needs nothing of this project.

    python -m benchmarks.container_readers FORMAT TOOL STORE SPLIT ENCODING OUT

Writes to OUT (.npy, uint64) a digest of every sample in its order: of its pixels, decoded by Pillow where the tool does
not decode, and its label. Exits with status 3 where the tool is not installed.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

NOT_INSTALLED = 3
Samples = Iterator[tuple[Any, int]]
"""(pixels or the bytes of an image file, label)."""


def digest(pixels: bytes, label: int) -> int:
    """Of RGB pixels, rows from the top, and a class number."""
    told = hashlib.blake2b(pixels, digest_size=8, key=label.to_bytes(8, "little"))
    return int.from_bytes(told.digest(), "little")


def pixels_of(value: Any, encoding: str) -> bytes:
    """What a tool handed over as bare RGB pixels: an array, Pillow's image, a file's bytes, bare bytes."""
    from PIL import Image

    if isinstance(value, Image.Image):
        return np.asarray(value.convert("RGB")).tobytes()
    if isinstance(value, np.ndarray) and value.ndim == 3:
        return value.tobytes()
    if isinstance(value, list):
        return np.array(value, np.uint8).tobytes()
    data = bytes(value)
    if encoding == "raw":
        return data
    return np.asarray(Image.open(BytesIO(data)).convert("RGB")).tobytes()


# ---------------------------------------------------------------- WebDataset


def with_tarfile(store: Path, split: str) -> Samples:
    import tarfile

    for shard in sorted((store / split).glob("*.tar")):
        with tarfile.open(shard) as archive:
            payload: Any = b""
            for member in archive:
                file = archive.extractfile(member)
                data = b"" if file is None else file.read()
                if member.name.endswith(".cls"):
                    yield payload, int(data)
                else:
                    payload = np.load(BytesIO(data)) if member.name.endswith(".npy") else data


def with_webdataset(store: Path, split: str) -> Samples:
    import webdataset

    shards = [str(path) for path in sorted((store / split).glob("*.tar"))]
    dataset = webdataset.WebDataset(shards, shardshuffle=False).decode("pil")
    yield from dataset.to_tuple("jpg;png;npy", "cls")


# ---------------------------------------------------------------- TFRecord


def with_tfrecord(store: Path, split: str) -> Samples:
    from tfrecord.reader import tfrecord_loader

    told = {"image/encoded": "byte", "image/class/label": "int"}
    for shard in sorted((store / split).glob(f"{split}-*-of-*")):
        for record in tfrecord_loader(str(shard), None, told):
            yield record["image/encoded"], int(np.ravel(record["image/class/label"])[0])


def with_tensorflow(store: Path, split: str) -> Samples:
    import tensorflow as tf

    told = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/class/label": tf.io.FixedLenFeature([], tf.int64),
    }
    shards = [str(path) for path in sorted((store / split).glob(f"{split}-*-of-*"))]
    for record in tf.data.TFRecordDataset(shards):
        parsed = tf.io.parse_single_example(record, told)
        yield parsed["image/encoded"].numpy(), int(parsed["image/class/label"])


# ---------------------------------------------------------------- Parquet and Arrow


def _parquets(store: Path, split: str) -> list[str]:
    return [str(path) for path in sorted((store / split).glob(f"{split}-*.parquet"))]


def _rows(images: list[Any], labels: list[int]) -> Samples:
    for image, label in zip(images, labels, strict=True):
        yield (image["bytes"] if isinstance(image, dict) else image), int(label)


def parquet_with_pyarrow(store: Path, split: str) -> Samples:
    import pyarrow.parquet as pq

    for path in _parquets(store, split):
        for batch in pq.ParquetFile(path).iter_batches(2_000):
            yield from _rows(batch.column("image").to_pylist(), batch.column("label").to_pylist())


def parquet_with_pandas(store: Path, split: str) -> Samples:
    import pandas as pd

    for path in _parquets(store, split):
        frame = pd.read_parquet(path)
        yield from _rows(list(frame["image"]), list(frame["label"]))


def parquet_with_duckdb(store: Path, split: str) -> Samples:
    import duckdb

    for path in _parquets(store, split):
        found = duckdb.connect().execute("SELECT image, label FROM read_parquet(?)", [path])
        while rows := found.fetchmany(2_000):
            for image, label in rows:
                yield (image["bytes"] if isinstance(image, dict) else image), int(label)


def parquet_with_datasets(store: Path, split: str) -> Samples:
    return _with_datasets("parquet", _parquets(store, split))


def arrow_with_datasets(store: Path, split: str) -> Samples:
    return _with_datasets("arrow", [str(store / f"{split}.arrow")])


def _with_datasets(builder: str, files: list[str]) -> Samples:
    os.environ |= {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    import datasets

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        for row in datasets.load_dataset(builder, data_files=files, split="train", cache_dir=cache):
            yield row["image"], int(row["label"])


def arrow_with_pyarrow(store: Path, split: str) -> Samples:
    import pyarrow as pa

    with pa.memory_map(str(store / f"{split}.arrow")) as file:
        reader = pa.ipc.open_file(file)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            yield from _rows(batch.column("image").to_pylist(), batch.column("label").to_pylist())


def arrow_with_pandas(store: Path, split: str) -> Samples:
    import pandas as pd

    frame = pd.read_feather(store / f"{split}.arrow")
    yield from _rows(list(frame["image"]), list(frame["label"]))


# ---------------------------------------------------------------- NumPy, Zarr, CSV


def with_numpy(store: Path, split: str) -> Samples:
    folder = store / split
    labels = np.load(folder / "labels.npy").tolist()
    if (folder / "images.npy").exists():
        yield from zip(np.load(folder / "images.npy", mmap_mode="r"), labels, strict=True)
        return
    data, offsets = np.load(folder / "bytes.npy", mmap_mode="r"), np.load(folder / "offsets.npy").tolist()
    for place, label in enumerate(labels):
        yield data[offsets[place] : offsets[place + 1]].tobytes(), label


def with_zarr(store: Path, split: str) -> Samples:
    import zarr

    group: Any = zarr.open_group(store / f"{split}.zarr", mode="r")
    labels = group["labels"][:].tolist()
    if "images" in group:
        for start in range(0, len(labels), 2_000):
            yield from zip(group["images"][start : start + 2_000], labels[start : start + 2_000], strict=True)
        return
    data = group["bytes"][:]
    places = zip(group["offsets"][:].tolist(), group["lengths"][:].tolist(), labels, strict=True)
    for start, length, label in places:
        yield data[start : start + length].tobytes(), label


def with_csv(store: Path, split: str) -> Samples:
    folder = store / split
    root = folder / json.loads((folder / "metadata.json").read_text())["root"]
    with (folder / f"{split}.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            yield (root / row["path"]).read_bytes(), int(row["label"])


TOOLS: dict[str, dict[str, Callable[[Path, str], Samples]]] = {
    "webdataset": {"tarfile": with_tarfile, "webdataset": with_webdataset},
    "tfrecord": {"tfrecord": with_tfrecord, "tensorflow": with_tensorflow},
    "parquet": {
        "pyarrow": parquet_with_pyarrow,
        "datasets": parquet_with_datasets,
        "duckdb": parquet_with_duckdb,
        "pandas": parquet_with_pandas,
    },
    "arrow": {"pyarrow": arrow_with_pyarrow, "datasets": arrow_with_datasets, "pandas": arrow_with_pandas},
    "npy": {"numpy": with_numpy},
    "zarr": {"zarr": with_zarr},
    "csv": {"csv": with_csv},
}
"""By format, by the module that reads it."""


def main() -> None:
    form, tool, store, split, encoding, out = sys.argv[1:]
    if importlib.util.find_spec(tool) is None:
        raise SystemExit(NOT_INSTALLED)
    samples = TOOLS[form][tool](Path(store), split)
    digests = [digest(pixels_of(value, encoding), label) for value, label in samples]
    np.save(out, np.array(digests, np.uint64))


if __name__ == "__main__":
    main()
