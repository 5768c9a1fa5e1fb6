"""Tables of images as `datasets`, pandas and Kaggle write them, with pyarrow alone."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

FEATURES = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
PAIR = ("bytes", "path")


def picture(number: int, size: int = 12, kind: str = "PNG") -> tuple[np.ndarray[Any, Any], bytes]:
    """(pixels, file) of a smooth picture of its own."""
    ramp = np.add.outer(np.arange(size), 2 * np.arange(size)) * 4 + number
    pixels = np.stack([ramp, ramp[::-1], ramp.T], axis=2).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return pixels, file.getvalue()


def pairs(values: Sequence[dict[str, Any] | None], names: Sequence[str] = PAIR, binary: Any = None) -> pa.Array:
    kinds = {"bytes": binary or pa.binary(), "path": pa.string()}
    return pa.array(values, pa.struct([(name, kinds[name]) for name in names]))


def images(count: int, names: Sequence[str] = PAIR, binary: Any = None) -> pa.Array:
    return pairs([{"bytes": picture(at)[1], "path": f"{at}.png"} for at in range(count)], names, binary)


def table(columns: dict[str, Any], features: Any = None) -> pa.Table:
    told = None if features is None else {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.table(columns).replace_schema_metadata(told)


def hf_table(count: int) -> pa.Table:
    return table({"image": images(count), "label": pa.array([at % 2 for at in range(count)], pa.int64())}, FEATURES)


def parquet(path: Path, rows: pa.Table, **options: Any) -> Path:
    pq.write_table(rows, path, **options)
    return path


def arrow(path: Path, rows: pa.Table, stream: bool = False, batch: int = 4, **options: Any) -> Path:
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as file, make(file, rows.schema, **options) as writer:
        writer.write_table(rows, max_chunksize=batch)
    return path
