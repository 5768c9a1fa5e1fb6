"""What is asked of a file before any of it is believed: are its datasets its own, whole, and as they were written?"""

from __future__ import annotations

from math import prod
from pathlib import Path

import h5py

from ...base.contracts import MAX_PAYLOAD
from ...base.errors import InputError
from ..container import open_file, reason_of
from .heap import REFERENCE

_SLACK = 1 << 16
"""Bytes by which a filter may make a small chunk longer."""


def open_readonly(path: Path) -> h5py.File:
    """Raises InputError where there is no HDF5 file that can be opened."""
    try:
        if path.is_symlink():  # a path that a user gave may be one
            path = path.resolve(strict=True)
        with open_file(path):  # a pipe or a device is never handed to the library
            return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError, ValueError, LookupError) as error:
        raise InputError(f"{path} cannot be opened as HDF5: {reason_of(error)}") from None


def dataset_of(file: h5py.File, name: str, axes: int, kinds: str, path: Path) -> h5py.Dataset:
    """A dataset of the file's own, with so many axes and a type of one of these kinds ("u", "i", "O").

    Raises InputError where there is none, or where its values lie in other files or datasets.
    """
    if name not in file or not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"{path} has no dataset {name!r} of its own: not a store of ours, or damaged")
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise InputError(f"{path}: {name!r} is no dataset: not a store of ours, or damaged")
    if dataset.shape is None or dataset.ndim != axes or dataset.dtype.kind not in kinds:
        raise InputError(f"{path} is damaged: {name!r} is {dataset.dtype} with shape {dataset.shape}")
    layout = dataset.id.get_create_plist()
    if layout.get_layout() == h5py.h5d.VIRTUAL or layout.get_external_count():
        raise InputError(f"{path}: {name!r} lies in other files or datasets, which are not read")
    return dataset


def place_of(dataset: h5py.Dataset, path: Path) -> int:
    """Where a contiguous dataset begins in the file, all of which is there; 0 for one without values.

    Raises InputError where nothing was ever written, or the file ends before.
    """
    of_one = REFERENCE.itemsize if dataset.dtype.kind == "O" else dataset.dtype.itemsize
    bytes_of_all = prod(dataset.shape) * of_one
    if bytes_of_all == 0:
        return 0
    start = dataset.id.get_offset()
    if start is None or dataset.id.get_storage_size() != bytes_of_all:
        raise InputError(f"{path} is damaged: {_name(dataset)!r} was never written, or not as a whole")
    if start + bytes_of_all > path.stat().st_size:
        raise InputError(f"{path} ends before its samples do: the file is truncated")
    return int(start)


def check_chunks(dataset: h5py.Dataset, path: Path) -> None:
    """Raises InputError unless every chunk is there, holds whole rows, and can be what its filter makes of it."""
    chunk, name = dataset.chunks, _name(dataset)
    whole = prod(map(int, chunk)) * dataset.dtype.itemsize
    if chunk[1:] != dataset.shape[1:] or whole > MAX_PAYLOAD:
        raise InputError(f"{path} is damaged: {name!r} has chunks of shape {chunk}")
    wanted, there = -(-dataset.shape[0] // chunk[0]), dataset.id.get_num_chunks()
    if there != wanted:
        raise InputError(f"{path} is damaged: {name!r} has {there:,} chunks where {wanted:,} belong")
    if dataset.id.get_create_plist().get_nfilters():
        # A filter gives back what it was given or a little more; what is stored far longer inflates to something else.
        sizes: list[int] = []
        dataset.id.chunk_iter(lambda info: sizes.append(info.size))
        if sizes and max(sizes) > whole + whole // 4 + _SLACK:
            raise InputError(
                f"{path} is damaged: a chunk of {name!r} is longer than anything that makes {whole:,} bytes"
            )


def _name(dataset: h5py.Dataset) -> str:
    return str(dataset.name).lstrip("/")
