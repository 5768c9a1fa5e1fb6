"""Writing a folder of NumPy files."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ...base.contracts import Buffer, Contents
from ...base.errors import WorkError
from ..field_layouts import FieldsToWrite
from ..folder import write_facts
from .fields import field_writer
from .layout import BYTES, HEADER_BYTES, IMAGES, LABELS, OFFSETS, header


class NpyWriter:
    """Payloads are appended as they come, behind room for the header, which is written at last. Labels and offsets are
    held until then, 16 bytes a sample."""

    def __init__(self, path: Path, contents: Contents) -> None:
        fields = FieldsToWrite.of(contents)
        self._path, self._contents = path, fields.told_in(contents) if fields else contents
        self._labels = array("q")
        self._offsets = array("q", [0])
        path.mkdir(parents=True)
        self._fields = field_writer(path, fields, contents.samples) if fields else None
        self._file = (path / (BYTES if contents.payload_shape is None else IMAGES)).open("wb")
        self._file.write(bytes(HEADER_BYTES))

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        self._file.writelines(payloads)
        for payload in payloads:
            self._offsets.append(self._offsets[-1] + len(payload))
        self._labels.extend(labels)
        if self._fields is not None:
            self._fields.write(len(labels))

    def close(self) -> None:
        """Raises WorkError where pixels of one shape were announced and others came."""
        samples, total, shape = len(self._labels), self._offsets[-1], self._contents.payload_shape
        self._file.seek(0)
        if shape is None:
            self._file.write(header("|u1", (total,)))
            self._save(OFFSETS, self._offsets)
        else:
            if total != samples * shape[0] * shape[1] * shape[2]:
                raise WorkError(f"{total:,} bytes are not {samples:,} images of shape {shape}")
            self._file.write(header("|u1", (samples, *shape)))
        self._file.close()
        self._save(LABELS, self._labels)
        if self._fields is not None:
            self._fields.close()
        write_facts(self._path, self._contents)

    def abort(self) -> None:
        with suppress(OSError):  # what is still to be flushed is rubbish
            self._file.close()

    def _save(self, name: str, numbers: array[int]) -> None:
        with (self._path / name).open("wb") as file:
            file.write(header("<i8", (len(numbers),)))
            file.write(np.frombuffer(numbers, np.int64).astype("<i8", copy=False).data if numbers else b"")
