"""Sound containers of samples to be mangled: tar, TFRecord, Parquet, Arrow, NumPy, Zarr, RecordIO, MDS, LitData, beton.

See `benchmarks.mangled`. A maker gives a file, or a folder of which one file is mangled.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import read_only_files as plain

COUNT = 24
Maker = Callable[[Path], Path]


def _samples() -> Iterator[tuple[bytes, np.ndarray[Any, Any], int]]:
    """(PNG file, pixels, label) of each sample."""
    from PIL import Image

    for number in range(COUNT):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        yield file.getvalue(), pixels, number % 10


# ---------------------------------------------------------------- tar


def _tar(path: Path, members: Iterator[tuple[str, bytes]], mode: Any = "w") -> Path:
    with path.open("wb") as file, tarfile.open(fileobj=file, mode=mode) as archive:
        for name, data in members:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return path


def _members() -> Iterator[tuple[str, bytes]]:
    for number, (png, _, label) in enumerate(_samples()):
        yield f"{number:08d}.png", png
        yield f"{number:08d}.cls", str(label).encode()
        yield f"{number:08d}.json", json.dumps({"caption": f"number {number}", "width": 16}).encode()


def tar_of_samples(path: Path) -> Path:
    return _tar(path, _members())


def tar_of_long_names(path: Path) -> Path:
    """Names of more than 100 characters, which take headers of their own."""
    return _tar(path, ((f"{'folder/' * 30}{name}", data) for name, data in _members()))


def tar_behind_gzip(path: Path) -> Path:
    return _tar(path, _members(), "w:gz")


# ---------------------------------------------------------------- TFRecord


def _varint(number: int) -> bytes:
    made = b""
    while True:
        number, low = number >> 7, number & 127
        made += bytes([low | (128 if number else 0)])
        if not number:
            return made


def _message(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _example(features: Mapping[str, bytes | int]) -> bytes:
    entries = b""
    for name, value in features.items():
        number, inner = (1, value) if isinstance(value, bytes) else (3, _varint(value))
        values = _message(number, _message(1, inner))
        entries += _message(1, _message(1, name.encode()) + _message(2, values))
    return _message(1, entries)


def _masked(data: bytes) -> bytes:
    import google_crc32c

    crc = google_crc32c.value(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _records() -> bytes:
    made = b""
    for png, _, label in _samples():
        data = _example({"image/encoded": png, "image/format": b"PNG", "image/class/label": label + 1})
        length = struct.pack("<Q", len(data))
        made += length + _masked(length) + data + _masked(data)
    return made


def tfrecord_of_examples(path: Path) -> Path:
    path.write_bytes(_records())
    return path


def tfrecord_behind_gzip(path: Path) -> Path:
    path.write_bytes(gzip.compress(_records(), mtime=0))
    return path


# ---------------------------------------------------------------- Parquet and Arrow


def _table() -> Any:
    import pyarrow as pa

    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": list("abcdefghij")}}
    images = [{"bytes": png, "path": f"{number}.png"} for number, (png, _, _) in enumerate(_samples())]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({
        "image": pa.array(images, kind),
        "label": pa.array([label for _, _, label in _samples()], pa.int64()),
        "vector": pa.array([[float(number)] * 8 for number in range(COUNT)], pa.list_(pa.float32())),
    })  # fmt: skip
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def parquet_of_images(path: Path) -> Path:
    import pyarrow.parquet as pq

    pq.write_table(_table(), path, row_group_size=8, compression="none", write_page_index=True)
    return path


def parquet_compressed(path: Path) -> Path:
    import pyarrow.parquet as pq

    pq.write_table(_table(), path, row_group_size=10, compression="zstd", use_dictionary=True)
    return path


def arrow_file(path: Path) -> Path:
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, _table().schema) as writer:
        writer.write_table(_table(), max_chunksize=7)
    return path


def arrow_stream(path: Path) -> Path:
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, _table().schema) as writer:
        writer.write_table(_table(), max_chunksize=7)
    return path


# ---------------------------------------------------------------- NumPy and Zarr


def _arrays() -> dict[str, np.ndarray[Any, Any]]:
    images = np.stack([pixels for _, pixels, _ in _samples()])
    return {"images": images, "labels": np.array([label for _, _, label in _samples()])}


def npy_of_images(path: Path) -> Path:
    with path.open("wb") as file:
        np.save(file, _arrays()["images"])
    return path


def npz_of_arrays(path: Path) -> Path:
    with path.open("wb") as file:
        np.savez(file, **_arrays())
    return path


def npz_compressed(path: Path) -> Path:
    with path.open("wb") as file:
        np.savez_compressed(file, **_arrays())
    return path


def _zarr(path: Path, version: int, **options: Any) -> Path:
    import zarr

    group = zarr.open_group(str(path), mode="w", zarr_format=version)  # type: ignore[arg-type]
    images = group.create_array("images", shape=(COUNT, 16, 16, 3), chunks=(4, 16, 16, 3), dtype="uint8", **options)
    images[:] = _arrays()["images"]
    labels = group.create_array("labels", shape=(COUNT,), chunks=(COUNT,), dtype="int64")
    labels[:] = _arrays()["labels"]
    return path


def zarr_version_3(path: Path) -> Path:
    return _zarr(path, 3)


def zarr_of_shards(path: Path) -> Path:
    return _zarr(path, 3, shards=(12, 16, 16, 3))


def zarr_version_2(path: Path) -> Path:
    return _zarr(path, 2)


# ---------------------------------------------------------------- what is only read


def recordio_of_images(path: Path) -> Path:
    return plain.write_recordio(path, [plain.image_record(png, label, label) for png, _, label in _samples()])


def recordio_of_several_labels(path: Path) -> Path:
    return plain.write_recordio(path, [plain.image_record(png, [label, 2.0], label) for png, _, label in _samples()])


def _mds(path: Path, compressed: bool) -> Path:
    rows = [{"image": png, "label": struct.pack("<q", label)} for png, _, label in _samples()]
    columns: dict[str, tuple[str, int | None]] = {"image": ("png", None), "label": ("int", 8)}
    return plain.write_mds(path, columns, [rows[:10], rows[10:]], compressed)


def mds_folder(path: Path) -> Path:
    return _mds(path, False)


def mds_compressed(path: Path) -> Path:
    return _mds(path, True)


def litdata_folder(path: Path) -> Path:
    items = [[png, struct.pack("<q", label)] for png, _, label in _samples()]
    return plain.write_litdata(path, {"image": "png", "label": "int"}, [items[:10], items[10:]])


def beton_of_pixels(path: Path) -> Path:
    rows = [{"image": pixels, "label": label} for _, pixels, label in _samples()]
    return plain.write_beton(path, {"image": plain.IMAGE, "label": plain.INT}, rows)


def beton_of_values(path: Path) -> Path:
    rows = [{"text": png, "vector": np.arange(8, dtype="<i4")} for png, _, _ in _samples()]
    return plain.write_beton(path, {"text": plain.BYTES, "vector": plain.ARRAY}, rows)


def _named(*makers: Maker) -> dict[str, Maker]:
    return {make.__name__: make for make in makers}


LAYOUTS = {
    "tar": _named(tar_of_samples, tar_of_long_names, tar_behind_gzip),
    "tfrecord": _named(tfrecord_of_examples, tfrecord_behind_gzip),
    "parquet": _named(parquet_of_images, parquet_compressed),
    "arrow": _named(arrow_file, arrow_stream),
    "npy": _named(npy_of_images),
    "npz": _named(npz_of_arrays, npz_compressed),
    "zarr": _named(zarr_version_3, zarr_of_shards, zarr_version_2),
    "recordio": _named(recordio_of_images, recordio_of_several_labels),
    "mds": _named(mds_folder, mds_compressed),
    "litdata": _named(litdata_folder),
    "beton": _named(beton_of_pixels, beton_of_values),
}
