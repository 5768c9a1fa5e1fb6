"""Small files of the containers that are read and never built: RecordIO, MDS, LitData, beton, by their layouts.

Tests look into them, and `benchmarks.mangled` breaks them.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = struct.pack("<I", 0xCED7230A)


# ---------------------------------------------------------------- RecordIO


def image_record(image: bytes, labels: Sequence[float] | float, number: int, second: int = 0) -> bytes:
    """MXNet's header, labels behind it where there are several, and the image."""
    several = b"" if isinstance(labels, int | float) else np.asarray(labels, "<f4").tobytes()
    flag, label = (len(several) // 4, 0.0) if not isinstance(labels, int | float) else (0, float(labels))
    return struct.pack("<IfQQ", flag, label, number, second) + several + image


def record(payload: bytes) -> bytes:
    """A record, cut at every magic number that lies in it at a multiple of 4."""
    cuts = [at for at in range(0, len(payload) - 3, 4) if payload[at : at + 4] == MAGIC]
    pieces, start = [], 0
    for at in cuts:
        pieces.append(payload[start:at])
        start = at + 4
    pieces.append(payload[start:])
    kinds = [0] if len(pieces) == 1 else [1, *[2] * (len(pieces) - 2), 3]
    made = b""
    for kind, piece in zip(kinds, pieces, strict=True):
        made += MAGIC + struct.pack("<I", kind << 29 | len(piece)) + piece + bytes(-len(piece) % 4)
    return made


def write_recordio(path: Path, payloads: Sequence[bytes], keys: Sequence[int] | None = None) -> Path:
    """The records, and an index of them where there are keys."""
    body, lines = b"", []
    for number, payload in enumerate(payloads):
        if keys is not None:
            lines.append(f"{keys[number]}\t{len(body)}\n")
        body += record(payload)
    path.write_bytes(body)
    if keys is not None:
        path.with_suffix(".idx").write_text("".join(lines))
    return path


# ---------------------------------------------------------------- MDS and LitData


def _table(samples: Sequence[bytes], header: bytes = b"") -> bytes:
    start = 4 * (len(samples) + 2) + len(header)
    offsets = start + np.cumsum([0, *map(len, samples)])
    return struct.pack("<I", len(samples)) + offsets.astype("<u4").tobytes() + header + b"".join(samples)


def _sized(values: Sequence[bytes], sizes: Sequence[int | None]) -> bytes:
    lengths = [len(value) for value, size in zip(values, sizes, strict=True) if not size]
    return np.array(lengths, "<u4").tobytes() + b"".join(values)


def pil_bytes(image: np.ndarray[Any, Any], mode: str = "RGB") -> bytes:
    """An image as both libraries write Pillow's: width, height, length of the mode, mode, pixels."""
    return struct.pack("<III", image.shape[1], image.shape[0], len(mode)) + mode.encode() + image.tobytes()


def write_mds(
    folder: Path,
    columns: Mapping[str, tuple[str, int | None]],
    shards: Sequence[Sequence[Mapping[str, bytes]]],
    compressed: bool = False,
) -> Path:
    """`columns`: name -> (encoding, fixed size); `shards`: of samples, each name -> bytes. Compressed: gzip."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(columns)
    told = {
        "column_encodings": [columns[name][0] for name in names],
        "column_names": names,
        "column_sizes": [columns[name][1] for name in names],
        "compression": "gz" if compressed else None,
        "format": "mds",
        "hashes": [],
        "size_limit": 1 << 26,
    }
    listed = []
    for number, samples in enumerate(shards):
        made = [_sized([sample[name] for name in names], told["column_sizes"]) for sample in samples]
        data, name = _table(made, json.dumps(told, sort_keys=True).encode()), f"shard.{number:05d}.mds"
        packed = gzip.compress(data) if compressed else data
        (folder / (f"{name}.gz" if compressed else name)).write_bytes(packed)
        zipped = {"basename": f"{name}.gz", "bytes": len(packed), "hashes": {}} if compressed else None
        raw = {"basename": name, "bytes": len(data), "hashes": {}}
        listed.append({**told, "raw_data": raw, "samples": len(samples), "version": 2, "zip_data": zipped})
    (folder / "index.json").write_text(json.dumps({"shards": listed, "version": 2}, sort_keys=True))
    return folder


def write_litdata(
    folder: Path, leaves: Mapping[str, str], chunks: Sequence[Sequence[Sequence[bytes]]], **config: Any
) -> Path:
    """`leaves`: name -> serializer; `chunks`: of items, each the bytes of its leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    leaf = {"type": None, "context": None, "children_spec": []}
    spec = {"type": "builtins.dict", "context": json.dumps([*leaves]), "children_spec": [leaf] * len(leaves)}
    listed = []
    for number, items in enumerate(chunks):
        data = _table([_sized(item, [None] * len(item)) for item in items])
        (folder / f"chunk-0-{number}.bin").write_bytes(data)
        about = {"chunk_bytes": len(data), "chunk_size": len(items), "dim": None}
        listed.append({**about, "filename": f"chunk-0-{number}.bin"})
    told = {"compression": None, "data_format": [*leaves.values()], "data_spec": json.dumps([1, spec]), **config}
    (folder / "index.json").write_text(json.dumps({"chunks": listed, "config": told}, sort_keys=True))
    return folder


# ---------------------------------------------------------------- beton

FLOAT, INT, IMAGE, BYTES, ARRAY, JSON = range(6)
_TYPES: dict[int, Any] = {
    FLOAT: "<f8",
    INT: "<i8",
    IMAGE: [("mode", "u1"), ("width", "<u2"), ("height", "<u2"), ("ptr", "<u8")],
    BYTES: [("ptr", "<u8"), ("size", "<u8")],
    ARRAY: "<u8",
    JSON: [("ptr", "<u8"), ("size", "<u8")],
}


def write_beton(
    path: Path, fields: Mapping[str, int], samples: Sequence[Mapping[str, Any]], page: int = 1 << 12
) -> Path:
    """`fields`: name -> type; a value is a number, bytes, an int32 array of one shape; of an image its bare pixels, or
    (JPEG file, height, width)."""
    metadata = np.zeros(
        len(samples), np.dtype([(name, np.dtype(_TYPES[kind])) for name, kind in fields.items()], align=True)
    )
    first = next(iter(samples), {})
    head = b"".join(_beton_field(name, kind, first.get(name)) for name, kind in fields.items())
    start = -(-(24 + len(head) + metadata.nbytes) // page) * page
    data, table = b"", []

    def allocated(number: int, value: bytes) -> int:
        nonlocal data
        place = start + len(data)
        table.append((number, place, len(value)))
        data += value
        return place

    for number, sample in enumerate(samples):
        for name, kind in fields.items():
            value = sample[name]
            if kind == IMAGE and isinstance(value, tuple):
                metadata[name][number] = (0, value[2], value[1], allocated(number, value[0]))
            elif kind == IMAGE:
                metadata[name][number] = (1, value.shape[1], value.shape[0], allocated(number, value.tobytes()))
            elif kind in (BYTES, JSON):
                metadata[name][number] = (allocated(number, value), len(value))
            else:
                metadata[name][number] = allocated(number, value.tobytes()) if kind == ARRAY else value
    data += bytes(-len(data) % page)
    header = struct.pack("<HHIQQ", 2, len(fields), page, len(samples), start + len(data))
    front = header + head + metadata.tobytes()
    path.write_bytes(front + bytes(start - len(front)) + data + np.array(table, "<u8").tobytes())
    return path


def _beton_field(name: str, kind: int, value: Any) -> bytes:
    arguments = b""
    if kind == ARRAY:
        described = json.dumps([["", "<i4"]]).encode()
        arguments = np.array([*value.shape, *[0] * (32 - value.ndim), len(described)], "<u8").tobytes() + described
    return bytes([kind]) + name.encode().ljust(16, b"\0") + arguments.ljust(1024, b"\0")
