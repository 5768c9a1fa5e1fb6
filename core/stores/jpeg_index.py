"""A split's JPEG index, `<split>.jpeg_index`: for each sample a record of entry points into its entropy-coded bytes.

It lies beside the container, whatever the format, and leaves the payloads as they are. All numbers are little-endian:

    byte 0   8 bytes "FMJPEGIX"
         8   uint32 version, 1
        12   uint32 interval: MCUs between two entry points of an MCU row
        16   uint64 n, the number of samples
        24   uint64 XXH3-64 of the split's file of checksums: the index is of these payloads
        32   uint64 XXH3-64 of the table
        40   16 zeros
        56   uint64 XXH3-64 of the 56 bytes before it
        64   uint64 [n + 1], the table: where each sample's record begins, and where the last one ends
             the records, end to end

A record is empty where the sample is no JPEG that our decoder knows, or has fewer MCUs than `FEWEST_MCUS`. Else:

    byte 0   uint32 the payload's bytes (before compression)
         4   uint32 the shortest step
         8   int16 [3] the lowest predictions
        14   uint8 [4] the bits in which a step and each prediction are written
        18   the entry points: step, and predictions of luma, blue and red chroma, each less the lowest one, packed
             without gaps, the highest bit first; zeros up to the next whole byte
        -8   uint64 XXH3-64, with the sample's number as seed, of the record before it

An entry point is a place in the payload, bit 8 x byte + bit (the highest bit of a byte is bit 0), and the DC
predictions there. The first one, which is not written, is the first bit behind the scan's header, with zeros. Then
come, MCU row by MCU row, the beginning of each `interval`-th MCU of the row, and at last the end of the last MCU. A
step is the number of bits from the entry point before. Where an interval begins with a restart marker the entry is the
marker's end, with zeros.
"""

from __future__ import annotations

import os
import struct
import threading
import weakref
from array import array
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..base import checksums
from ..base.errors import InputError
from ..encodings.entry_points import MOST_MCUS
from ..formats.container import TROUBLE, open_descriptor, open_file, reason_of
from ..formats.handles import PerProcess

ENDING = ".jpeg_index"
MAGIC, VERSION = b"FMJPEGIX", 1

FEWEST_MCUS = 64
"""Of smaller images all is decoded in less time than it takes to look a record up."""

LONGEST = 1 << 28
"""Bytes of a record, at most: 10 for each of the MCUs of the largest image."""

_HEADER = struct.Struct("<8sIIQQQ16xQ")
_SUM = struct.Struct("<Q")


def index_file(store: Path, split: str) -> Path:
    return store / f"{split}{ENDING}"


def index_bytes(records: Sequence[bytes]) -> int:
    """How long the index of these records, without their checksums, is."""
    return _HEADER.size + 8 * (len(records) + 1) + sum(len(record) + _SUM.size for record in records if record)


class JpegIndexWriter:
    """Writes the index of one split, record by record. `close` completes it; without it the file is rubbish."""

    def __init__(self, store: Path, split: str, samples: int, interval: int) -> None:
        self._sums, self._samples, self._interval = store / f"{split}.checksums", samples, interval
        self._file = index_file(store, split).open("wb")
        self._file.seek(_HEADER.size + 8 * (samples + 1))
        self._table = array("Q", [self._file.tell()])

    def write(self, records: Sequence[bytes]) -> None:
        """Append the records of the next samples, without their checksums."""
        for record in records:
            if record:
                record += _sum(record, len(self._table) - 1)
                self._file.write(record)
            self._table.append(self._table[-1] + len(record))

    def close(self) -> None:
        """Write what comes before the records. The file of checksums must be complete."""
        table = np.array(self._table, "<u8").tobytes()
        of_payloads = checksums.of_bytes(self._sums.read_bytes())
        fields = MAGIC, VERSION, self._interval, self._samples, of_payloads, checksums.of_bytes(table)
        header = _HEADER.pack(*fields, 0)[: -_SUM.size]
        self._file.seek(0)
        self._file.write(header + _SUM.pack(checksums.of_bytes(header)) + table)
        self._file.close()

    def abort(self) -> None:
        self._file.close()


class JpegIndex:
    """Reads the index of one split. Usable from several threads at once; survives pickling and fork.

    The table is held in memory, 8 bytes a sample. Records are read, not mapped: a file that is cut short is no end.
    """

    def __init__(self, store: Path, split: str, samples: int) -> None:
        """Raises InputError where there is no index, or none of these samples as they were built."""
        self._arguments = store, split, samples
        path = index_file(store, split)
        try:
            with open_file(path) as file:
                self.interval, self._table = _read_head(file, store / f"{split}.checksums", samples)
        except TROUBLE as error:
            raise InputError(f"{path} cannot be used: {reason_of(error)}") from error
        self._file = PerProcess(partial(_Opened, path))

    def record(self, sample: int) -> bytes:
        """The record of a sample; b"" where it has none. Raises ValueError for one that is damaged or not there."""
        begin, end = int(self._table[sample]), int(self._table[sample + 1])
        if begin == end:
            return b""
        record = self._file.get().read(begin, end - begin)
        if len(record) < end - begin or record[-_SUM.size :] != _sum(record[: -_SUM.size], sample):
            raise ValueError("its checksum differs")
        return record

    def sizes(self, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The bytes of these samples' records, int64 (n,)."""
        return self._table[samples + 1] - self._table[samples]

    def __reduce__(self) -> tuple[Any, ...]:
        return JpegIndex, self._arguments


class _Opened:
    """The file in one process."""

    def __init__(self, path: Path) -> None:
        self._descriptor, _ = open_descriptor(path)
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, begin: int, size: int) -> bytes:
        """Raises ValueError where the file cannot be read."""
        try:
            with self._lock:
                os.lseek(self._descriptor, begin, os.SEEK_SET)
                return os.read(self._descriptor, size)
        except OSError as error:
            raise ValueError(reason_of(error)) from None


def _read_head(file: BinaryIO, sums: Path, samples: int) -> tuple[int, npt.NDArray[np.int64]]:
    """The interval and the table. Raises ValueError, or whatever reading raises, for what is damaged or another's."""
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(MAGIC):
        raise ValueError("it is no JPEG index")
    _, version, interval, stated, of_payloads, of_table, own = _HEADER.unpack(head)
    if own != checksums.of_bytes(head[: -_SUM.size]):
        raise ValueError("its header is damaged")
    if version != VERSION or not 0 < interval <= MOST_MCUS:
        raise ValueError(f"it is of version {version} with an interval of {interval}, which this version does not read")
    if stated != samples or of_payloads != checksums.of_bytes(sums.read_bytes()):
        raise ValueError("it belongs to other payloads")
    table = file.read(8 * (samples + 1))
    if len(table) < 8 * (samples + 1) or of_table != checksums.of_bytes(table):
        raise ValueError("its table is damaged")
    places = np.frombuffer(table, "<u8").astype(np.int64)
    if places[0] != _HEADER.size + len(table) or not 0 <= (steps := np.diff(places)).min() <= steps.max() <= LONGEST:
        raise ValueError("its table is none")
    return interval, places


def _sum(record: bytes, sample: int) -> bytes:
    return _SUM.pack(checksums.of_bytes(record, sample))
