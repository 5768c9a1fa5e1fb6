"""Filling an LMDB, with py-lmdb."""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import lmdb
import numpy as np

from ...base.contracts import Buffer, Contents
from ...base.errors import InputError
from ...base.packed_fields import packed
from ...base.strict_json import dumps
from ..disk_errors import disk_errors_told
from ..field_layouts import FieldsToWrite
from .layout import DICTIONARY, LABELS, METADATA, fields_key, key_of

FIRST_MAP = 1 << 26
COMMIT_BYTES = 1 << 24


class LmdbWriter:
    """Appends in key order, so that pages fill up, in transactions of about 16 MiB; the map doubles when it is full."""

    def __init__(self, path: Path, contents: Contents, group: int) -> None:
        path.mkdir(parents=True)
        self._path = path
        # Nobody reads before the finished file is synced and published, so no commit waits for the disk.
        place = os.fsencode(path)  # a name that is not UTF-8 is one, too
        with disk_errors_told(path, 0, lmdb.Error):
            self._environment = lmdb.open(place, map_size=FIRST_MAP, lock=False, sync=False, metasync=False)
        self._fields = FieldsToWrite.of(contents)
        self._contents = self._fields.told_in(contents) if self._fields else contents
        self._group = group
        self._labels = array("q")
        self._pending: list[bytes | Buffer] = []
        self._items: list[tuple[bytes, Buffer]] = []
        self._item_bytes = 0
        self._next_key = 0

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        self._labels.extend(labels)
        if self._group == 1:
            for payload in payloads:
                self._put(payload)
        else:
            self._write_groups(payloads)

    def close(self) -> None:
        if self._pending:
            self._put(_pack(self._pending))
        # Keys sort bytewise; digits come before "_", and these four among themselves like this.
        if self._contents.dictionary is not None:
            self._append(DICTIONARY, self._contents.dictionary)
        self._put_fields()
        self._append(LABELS, memoryview(self._little_endian_labels()).cast("B"))
        metadata = {"samples": self._contents.samples, "group": self._group, "classes": list(self._contents.classes)}
        self._append(METADATA, dumps(metadata | dict(self._contents.metadata), ascii_only=True).encode())
        self._commit()
        self._environment.close()

    def abort(self) -> None:
        self._environment.close()

    def _little_endian_labels(self) -> array[int]:
        if sys.byteorder == "big":
            self._labels.byteswap()
        return self._labels

    def _write_groups(self, payloads: Sequence[Buffer]) -> None:
        for payload in payloads:
            self._pending.append(payload)
            if len(self._pending) == self._group:
                self._put(_pack(self._pending))
                self._pending = []

    def _put(self, value: Buffer) -> None:
        self._append(key_of(self._next_key), value)
        self._next_key += 1
        if self._item_bytes >= COMMIT_BYTES:
            self._commit()

    def _put_fields(self) -> None:
        """An entry a sample, in the order of their keys, streamed once all payloads are there."""
        if self._fields is None:
            return
        for index, values in enumerate(self._fields.all()):
            self._append(fields_key(index), packed(values, self._fields.layouts))
            if self._item_bytes >= COMMIT_BYTES:
                self._commit()

    def _append(self, key: bytes, value: Buffer) -> None:
        self._items.append((key, value))
        self._item_bytes += len(value)

    def _commit(self) -> None:
        # A write that a full disk cuts short is a mere "Input/output error" to LMDB.
        with disk_errors_told(self._path, self._item_bytes, lmdb.Error):
            while not self._committed():
                self._environment.set_mapsize(2 * self._environment.info()["map_size"])
        self._items, self._item_bytes = [], 0

    def _committed(self) -> bool:
        """Whether the items went in; False where the map is full."""
        try:
            with self._environment.begin(write=True) as transaction:
                transaction.cursor().putmulti(self._items, append=True)
        except lmdb.MapFullError:
            return False
        return True


def _pack(payloads: Sequence[Buffer]) -> bytes:
    """One value of several payloads."""
    offsets = list(accumulate(map(len, payloads), initial=0))
    if offsets[-1] >= 2**32:
        raise InputError("a group of 4 GiB or more does not fit one LMDB value: choose a smaller group")
    table = np.array([len(payloads), *offsets], "<u4").tobytes()
    return b"".join([table, *payloads])
