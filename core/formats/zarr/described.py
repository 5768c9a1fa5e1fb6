"""The JSON of a Zarr group of ours, believed only where it is what we write to the letter, and its flat arrays."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ...base.contracts import MAX_PAYLOAD
from ...base.errors import InputError
from ..container import open_file
from ..folder import parse_json
from .layout import FILTERS, META, flat_file, flat_json, sharded_json


def array_json(folder: Path, array: str) -> dict[str, Any]:
    path = folder / array / META
    if not os.path.lexists(path):
        raise InputError(f"{path} is missing: this folder is not a store of ours, or is damaged")
    return parse_json(path)


def sharded_array(folder: Path, name: str, axes: int) -> tuple[tuple[int, ...], int, int, str]:
    """Shape, rows of a shard and of a chunk, and the filter. Raises ValueError for JSON that is not ours."""
    told = array_json(folder, name)
    shape = tuple(told["shape"])
    configuration = told["codecs"][0]["configuration"]
    shard, chunk = told["chunk_grid"]["configuration"]["chunk_shape"][0], configuration["chunk_shape"][0]
    numbers = (*shape, shard, chunk)
    if len(shape) != axes or any(type(number) is not int or not 0 <= number < 1 << 62 for number in numbers):
        raise ValueError(f"the {META} of {name} is not as our stores keep it")
    row = prod(shape[1:])
    if not 0 < chunk <= shard or shard % chunk or not 0 < row <= MAX_PAYLOAD or chunk * row > MAX_PAYLOAD:
        raise ValueError(f"the {META} of {name} has chunks of {chunk:,} in shards of {shard:,}")
    known = (filter for filter in FILTERS if told == sharded_json(shape, shard, chunk, filter))
    if (filter := next(known, None)) is None:
        raise ValueError(f"the {META} of {name} is not as our stores keep it")
    return shape, shard, chunk, filter


def flat_array(folder: Path, name: str, dtype: str) -> np.ndarray[Any, Any]:
    """An array with one axis in one chunk."""
    told = array_json(folder, name)
    (count,) = told["shape"]
    if type(count) is not int or count < 0 or told != flat_json(count, dtype):
        raise ValueError(f"the {META} of {name} is not as our stores keep it")
    kind = np.dtype(dtype).newbyteorder("<")
    if count == 0:
        return np.empty(0, kind)
    chunk = flat_file(folder, name)
    if not os.path.lexists(chunk):
        raise InputError(f"{chunk} is missing: {name} would read as zeros; build the store again (--force)")
    with open_file(chunk) as file:
        if os.fstat(file.fileno()).st_size != count * kind.itemsize:
            raise ValueError(f"{name} is not {count:,} numbers long")
        return np.frombuffer(file.read(count * kind.itemsize), kind)
