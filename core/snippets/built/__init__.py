"""The Dataset of each format that is built here: from what is known of a store to the lines that read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..facts import CodeFacts
from ..payloads import NoCode
from ..snippet import DatasetCode
from . import arrays, files, hdf5, lmdb, shards, tables, zarr

BUILT: Mapping[str, Callable[[CodeFacts], DatasetCode]] = {
    "disk": files.disk,
    "csv": files.csv_manifest,
    "lmdb": lmdb.lmdb,
    "hdf5": hdf5.hdf5,
    "npy": arrays.npy,
    "zarr": zarr.zarr,
    "arrow": tables.arrow,
    "parquet": tables.parquet,
    "webdataset": shards.webdataset,
    "tfrecord": shards.tfrecord,
}
"""Format -> what makes its code."""


def dataset_code(facts: CodeFacts) -> DatasetCode:
    """Raises NoCode for a format that is not one of these (one that a plugin brought)."""
    made = BUILT.get(facts.format)
    if made is None:
        raise NoCode(f"no code is known for the format {facts.format}")
    return made(facts)
