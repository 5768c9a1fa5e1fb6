"""Filling an HDF5 container: one small writer for each layout of the payloads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

from core.contracts import Buffer, Contents, Shape
from core.errors import InputError, WorkError

CHUNK_BYTES = 1 << 16
SPOOL_COPY = 1 << 24
IMAGE_ATTRIBUTES = {
    "CLASS": b"IMAGE",
    "IMAGE_VERSION": b"1.2",
    "IMAGE_SUBCLASS": b"IMAGE_TRUECOLOR",
    "INTERLACE_MODE": b"INTERLACE_PIXEL",
    "DISPLAY_ORIGIN": b"UL",
}
"""HDF5 Image and Palette Specification 1.2: pixel-interlaced RGB, the first row on top."""


class _Payloads(Protocol):
    def write(self, payloads: Sequence[Buffer]) -> None: ...

    def close(self) -> None: ...


class Hdf5Writer:
    """Payloads go through one of four small writers, according to the layout."""

    def __init__(self, path: Path, contents: Contents, layout: str, chunk: int, filter: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = h5py.File(path, "w")
        self._contents = contents
        self._labels: list[np.ndarray] = []
        self._payloads = self._payload_writer(path, layout, chunk, filter)

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        self._labels.append(np.asarray(labels, np.int64))
        self._payloads.write(payloads)

    def close(self) -> None:
        self._payloads.close()
        self._file["labels"] = np.concatenate([np.empty(0, np.int64), *self._labels])
        self._file.create_dataset("classes", data=list(self._contents.classes), dtype=h5py.string_dtype())
        if self._contents.dictionary is not None:
            self._file["dictionary"] = np.frombuffer(self._contents.dictionary, np.uint8)
        metadata = {"samples": self._contents.samples, **self._contents.metadata}
        self._file.attrs["metadata"] = json.dumps(metadata, ensure_ascii=False)
        self._file.flush()
        self._file.close()

    def abort(self) -> None:
        self._file.close()

    def _payload_writer(self, path: Path, layout: str, chunk: int, filter: str) -> _Payloads:
        contents = self._contents
        if layout == "vlen":
            return _VlenWriter(self._file, contents.samples)
        if contents.payload_shape is not None:
            storage = _chunked(contents.samples, contents.payload_shape, chunk, filter) if layout == "chunked" else {}
            return _DenseWriter(self._file, contents.samples, contents.payload_shape, storage)
        if layout == "chunked":
            return _PackedWriter(self._file, chunk=CHUNK_BYTES)
        if contents.total_bytes is not None:
            return _PackedWriter(self._file, contents.total_bytes)
        return _SpooledWriter(self._file, path)


def _chunked(samples: int, shape: Shape, chunk: int, filter: str) -> dict[str, Any]:
    """h5py's arguments for dense pixels in chunks of whole samples."""
    samples_a_chunk = chunk or CHUNK_BYTES // prod(shape)
    chunks = (max(1, min(samples_a_chunk, samples)), *shape)
    return {"chunks": chunks, **_filter_arguments(filter)} if samples else {}


def _filter_arguments(name: str) -> dict[str, Any]:
    """h5py's arguments for a chunk filter. Raises InputError where hdf5plugin is missing."""
    if name in ("gzip", "lzf"):
        return {"compression": name}
    if name == "none":
        return {}
    return dict(_plugin()[name]())


def _plugin() -> Mapping[str, Any]:
    try:
        import hdf5plugin
    except ImportError:
        raise InputError("HDF5's zstd and lz4 filters need a library that is missing: pip install hdf5plugin") from None
    return {"zstd": hdf5plugin.Zstd, "lz4": hdf5plugin.LZ4}


class _DenseWriter:
    """`images` (N, H, W, 3): each batch is one slice."""

    def __init__(self, file: h5py.File, samples: int, shape: Shape, storage: Mapping[str, Any]) -> None:
        self._shape = shape
        self._images = file.create_dataset("images", (samples, *shape), np.uint8, **storage)
        for name, value in IMAGE_ATTRIBUTES.items():
            self._images.attrs[name] = np.bytes_(value)
        self._written = 0

    def write(self, payloads: Sequence[Buffer]) -> None:
        if not payloads:
            return
        batch = np.frombuffer(b"".join(payloads), np.uint8).reshape(-1, *self._shape)
        self._images[self._written : self._written + len(batch)] = batch
        self._written += len(batch)

    def close(self) -> None:
        """Every slice is written already."""


class _VlenWriter:
    """`images` (N,): an array of bytes each."""

    def __init__(self, file: h5py.File, samples: int) -> None:
        self._images = file.create_dataset("images", (samples,), h5py.vlen_dtype(np.uint8))
        self._written = 0

    def write(self, payloads: Sequence[Buffer]) -> None:
        entries = np.empty(len(payloads), object)
        entries[:] = [np.frombuffer(payload, np.uint8) for payload in payloads]
        if len(entries):
            self._images[self._written : self._written + len(entries)] = entries
        self._written += len(entries)

    def close(self) -> None:
        """Every entry is written already."""


class _PackedWriter:
    """`bytes` + `offsets`: contiguous where the total is known, else growing in chunks."""

    def __init__(self, file: h5py.File, total: int = 0, chunk: int | None = None) -> None:
        growing = {"maxshape": (None,), "chunks": (chunk,)} if chunk else {}
        self._file = file
        self._bytes = file.create_dataset("bytes", (total,), np.uint8, **growing)
        self._growing = bool(growing)
        self._lengths: list[np.ndarray] = []
        self._written = 0

    def write(self, payloads: Sequence[Buffer]) -> None:
        self._lengths.append(np.fromiter(map(len, payloads), np.int64, len(payloads)))
        self.append(b"".join(payloads))

    def append(self, data: bytes) -> None:
        end = self._written + len(data)
        if self._growing:
            self._bytes.resize((end,))
        if data:
            self._bytes[self._written : end] = np.frombuffer(data, np.uint8)
        self._written = end

    def close(self) -> None:
        self.check_total()
        self._file["offsets"] = _offsets(self._lengths)

    def check_total(self) -> None:
        if self._written != len(self._bytes):
            raise WorkError(f"{self._written:,} payload bytes came where {len(self._bytes):,} were announced")


class _SpooledWriter:
    """`bytes` + `offsets`, contiguous though the total is not known: payloads wait in a file beside the container."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        self._file = file
        self._path = path.with_name(path.name + ".spool")
        self._spool = self._path.open("wb")
        self._lengths: list[np.ndarray] = []

    def write(self, payloads: Sequence[Buffer]) -> None:
        self._lengths.append(np.fromiter(map(len, payloads), np.int64, len(payloads)))
        self._spool.writelines(payloads)

    def close(self) -> None:
        packed = _PackedWriter(self._file, total=self._spool.tell())
        self._spool.close()
        with self._path.open("rb") as spool:
            while data := spool.read(SPOOL_COPY):
                packed.append(data)
        packed.check_total()
        self._path.unlink()
        self._file["offsets"] = _offsets(self._lengths)


def _offsets(lengths: Sequence[np.ndarray]) -> np.ndarray:
    """Where each payload begins, and where the last one ends: int64 (N + 1,)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))])
