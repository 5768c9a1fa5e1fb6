"""Filling an HDF5 container: one small writer for each layout of the payloads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

from ...base.contracts import Buffer, Contents, Shape
from ...base.errors import InputError, WorkError
from ...base.strict_json import dumps
from ..disk_errors import disk_errors_told
from ..field_layouts import FieldsToWrite
from .fields import FieldGroupWriter

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


_REFUSED = (OSError, RuntimeError, ValueError, LookupError)
"""What h5py makes of a write that the system refuses, depending on where in the library it happens."""


def let_go(file: h5py.File) -> None:
    """Close a file that is not wanted any more, whatever the disk says.

    What cannot be written stays in the library, which tries again when the process ends, and crashes. So it is written
    to where everything can be written: the file's descriptor is made one of the null device.
    """
    if not file.id.valid:
        return
    with suppress(*_REFUSED):
        if os.name == "posix":
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, file.id.get_vfd_handle())
            os.close(null)
    with suppress(*_REFUSED):
        file.flush()
    with suppress(*_REFUSED):
        file.close()


class _Payloads(Protocol):
    def write(self, payloads: Sequence[Buffer]) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Hdf5Writer:
    """Payloads go through one of four small writers, according to the layout.

    What the disk refuses is raised as the OSError that it is, from whichever method; the library is never left with
    anything that it would try to write when the process ends.
    """

    def __init__(self, path: Path, contents: Contents, layout: str, chunk: int, filter: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        fields = FieldsToWrite.of(contents)
        self._contents = contents = fields.told_in(contents) if fields else contents
        self._fields: FieldGroupWriter | None = None
        self._written = 0
        self._payloads: _Payloads | None = None
        self._held: list[h5py.Dataset] = []
        with disk_errors_told(path, 0, *_REFUSED):
            self._file = h5py.File(path, "w")
        try:
            with disk_errors_told(path, 0, *_REFUSED):
                self._labels = self._file.create_dataset("labels", (contents.samples,), np.int64)
                self._payloads = self._payload_writer(path, layout, chunk, filter)
                if fields:
                    self._fields = FieldGroupWriter(self._add, fields, contents.samples)
        except BaseException:
            self.abort()
            raise

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        assert self._payloads is not None
        with disk_errors_told(self._path, sum(map(len, payloads)), *_REFUSED):
            if labels:
                self._labels[self._written : self._written + len(labels)] = labels
            self._written += len(labels)
            self._payloads.write(payloads)
            if self._fields is not None:
                self._fields.write(len(labels))

    def close(self) -> None:
        assert self._payloads is not None
        with disk_errors_told(self._path, 0, *_REFUSED):
            self._payloads.close()
            if self._fields is not None:
                self._fields.close()
            self._add("classes", data=list(self._contents.classes), dtype=h5py.string_dtype())
            if self._contents.dictionary is not None:
                self._add("dictionary", data=np.frombuffer(self._contents.dictionary, np.uint8))
            metadata = {"samples": self._contents.samples, **self._contents.metadata}
            self._file.attrs["metadata"] = dumps(metadata)
            # Everything is written here, while the file can still be let go of; after a failed close it cannot.
            self._file.flush()
            self._file.close()

    def abort(self) -> None:
        if self._payloads is not None:
            self._payloads.abort()
        let_go(self._file)

    def _add(self, name: str, **contents: Any) -> h5py.Dataset:
        # A dataset that nobody holds is written when it is collected, where no error can be told: hold it.
        self._held.append(self._file.create_dataset(name, **contents))
        return self._held[-1]

    def _payload_writer(self, path: Path, layout: str, chunk: int, filter: str) -> _Payloads:
        contents = self._contents
        if layout == "vlen":
            return _VlenWriter(self._file, contents.samples)
        if contents.payload_shape is not None:
            storage = _chunked(contents.samples, contents.payload_shape, chunk, filter) if layout == "chunked" else {}
            return _DenseWriter(self._file, contents.samples, contents.payload_shape, storage)
        if layout == "chunked":
            return _PackedWriter(self._file, contents.samples, None)
        if contents.total_bytes is not None:
            return _PackedWriter(self._file, contents.samples, contents.total_bytes)
        return _SpooledWriter(self._file, contents.samples, path)


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

    def abort(self) -> None:
        """There is nothing beside the file."""


class _VlenWriter:
    """`images` (N,): an array of bytes each."""

    def __init__(self, file: h5py.File, samples: int) -> None:
        entry = h5py.vlen_dtype(np.uint8)
        self._type = h5py.h5t.py_create(entry)
        self._images = file.create_dataset("images", (samples,), entry)
        self._written = 0

    def write(self, payloads: Sequence[Buffer]) -> None:
        if not payloads:
            return
        entries = np.empty(len(payloads), object)
        for position, payload in enumerate(payloads):  # assigned at once, arrays of one length would become a matrix
            entries[position] = np.frombuffer(payload, np.uint8)
        # Through the low-level call: h5py's slices take entries of one length for a matrix as well.
        rows = self._images.id.get_space()
        rows.select_hyperslab((self._written,), (len(entries),))
        self._images.id.write(h5py.h5s.create_simple((len(entries),)), rows, entries, self._type)
        self._written += len(entries)

    def close(self) -> None:
        """Every entry is written already."""

    def abort(self) -> None:
        """There is nothing beside the file."""


class _Bytes:
    """`bytes`, filled from the front: contiguous where its size is known, else growing in chunks."""

    def __init__(self, file: h5py.File, total: int | None) -> None:
        growing = {"maxshape": (None,), "chunks": (CHUNK_BYTES,)} if total is None else {}
        self._dataset = file.create_dataset("bytes", (total or 0,), np.uint8, **growing)
        self._growing = total is None
        self._written = 0

    def append(self, data: bytes) -> None:
        end = self._written + len(data)
        if self._growing:
            self._dataset.resize((end,))
        if data:
            self._dataset[self._written : end] = np.frombuffer(data, np.uint8)
        self._written = end

    def close(self) -> None:
        if self._written != len(self._dataset):
            raise WorkError(f"{self._written:,} payload bytes came where {len(self._dataset):,} were announced")


class _Offsets:
    """`offsets` (N + 1,): where each payload begins in `bytes`, and where the last one ends."""

    def __init__(self, file: h5py.File, samples: int) -> None:
        self._dataset = file.create_dataset("offsets", (samples + 1,), np.int64)
        self._written = 0
        self._end = 0

    def append(self, payloads: Sequence[Buffer]) -> None:
        if not payloads:
            return
        lengths = np.fromiter(map(len, payloads), np.int64, len(payloads))
        ends = self._end + np.cumsum(lengths)
        self._dataset[self._written + 1 : self._written + 1 + len(ends)] = ends
        self._written += len(ends)
        self._end = int(ends[-1])


class _PackedWriter:
    """`bytes` + `offsets`, written as they come."""

    def __init__(self, file: h5py.File, samples: int, total: int | None) -> None:
        self._bytes = _Bytes(file, total)
        self._offsets = _Offsets(file, samples)

    def write(self, payloads: Sequence[Buffer]) -> None:
        self._offsets.append(payloads)
        self._bytes.append(b"".join(payloads))

    def close(self) -> None:
        self._bytes.close()

    def abort(self) -> None:
        """There is nothing beside the file."""


class _SpooledWriter:
    """`bytes` + `offsets`, contiguous though the total is not known: payloads wait in a file beside the container."""

    def __init__(self, file: h5py.File, samples: int, path: Path) -> None:
        self._file = file
        self._offsets = _Offsets(file, samples)
        self._path = path.with_name(path.name + ".spool")
        self._spool = self._path.open("wb")

    def write(self, payloads: Sequence[Buffer]) -> None:
        self._offsets.append(payloads)
        self._spool.writelines(payloads)

    def close(self) -> None:
        self._bytes = _Bytes(self._file, self._spool.tell())
        self._spool.close()
        with self._path.open("rb") as spool:
            while data := spool.read(SPOOL_COPY):
                self._bytes.append(data)
        self._bytes.close()
        self._path.unlink()

    def abort(self) -> None:
        with suppress(OSError):  # what is still to be flushed is rubbish
            self._spool.close()
