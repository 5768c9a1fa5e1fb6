"""Small files of named arrays (idx, MATLAB 5, safetensors, pickles, CIFAR), as their own tools write them."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np

from core.inspect.kinds import identify
from core.inspect.opened_file import OpenedFile

COUNT = 12
LABELS = np.arange(COUNT) % 10


def smooth_images(count: int = COUNT, side: int = 32) -> np.ndarray[Any, Any]:
    """uint8 (count, side, side, 3): pictures whose neighbouring pixels are alike, each different."""
    grid = np.arange(side, dtype=np.float64)
    waves = [np.sin(grid[:, None] / (3 + place % 5)) + np.cos(grid[None] / (4 + place % 7)) for place in range(count)]
    base = np.stack(waves)[..., None] * np.array([50.0, 30.0, 20.0]) + 120
    return base.astype(np.uint8)


IMAGES = smooth_images()
ROWS = IMAGES.transpose(0, 3, 1, 2).reshape(COUNT, -1)


def opened(path: Path, schema: str | None = None) -> OpenedFile:
    """The file, in this process."""
    found = identify(path)
    return OpenedFile(found.kind, str(found.path), schema)


def idx(values: np.ndarray[Any, Any], code: int = 8) -> bytes:
    return bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def safetensors(arrays: dict[str, np.ndarray[Any, Any]], codes: dict[str, str], **changed: Any) -> bytes:
    """`changed`: entries of the header as they should not be."""
    header: dict[str, Any] = {}
    body = b""
    for name, array in arrays.items():
        header[name] = {
            "dtype": codes[str(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + array.nbytes],
        }
        body += array.tobytes()
    text = json.dumps(header | changed).encode()
    return len(text).to_bytes(8, "little") + text + body


CODES = {"uint8": "U8", "int64": "I64", "float32": "F32", "float64": "F64"}


def cifar_batch(**labels: list[int]) -> bytes:
    """As Python 2 wrote it: the keys are bytes."""
    batch: dict[bytes, Any] = {name.encode(): numbers for name, numbers in labels.items()}
    names = [b"image_%d.png" % place for place in range(COUNT)]
    return pickle.dumps({b"filenames": names, b"data": ROWS, **batch}, 2)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)
