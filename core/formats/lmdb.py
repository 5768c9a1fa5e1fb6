"""LMDB: one memory-mapped B+tree a split.

Layout (docs/formats.md has it to the byte): keys are the sample's number as eight digits, a value is the payload and
nothing else; `__labels__` holds the labels (int64, little-endian), `__metadata__` JSON, `__dictionary__` a compression
dictionary where there is one. With `group=K` a value holds K payloads: a uint32 count n, n + 1 uint32 offsets
counted from the end of this table, then the payloads, everything little-endian.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import lmdb
import numpy as np

from core.contracts import Buffer, Contents, Labels
from core.errors import InputError
from core.formats.handles import PerProcess
from core.options import option

MAX_SAMPLES = 10**8
LABELS, METADATA, DICTIONARY = b"__labels__", b"__metadata__", b"__dictionary__"
FIRST_MAP = 1 << 26
COMMIT_BYTES = 1 << 24
META_PAGES = 2
PAGE_HEADER = 16
NODE_HEADER = 8


@dataclass(frozen=True)
class Lmdb:
    """LMDB, opened read-only and without a lock file by readers."""

    group: int = option(1, "Samples packed into one value: fewer, fuller pages", minimum=1, maximum=65536)
    ending = ".lmdb"

    def check(self, contents: Contents) -> None:
        if contents.samples > MAX_SAMPLES:
            raise InputError(f"{contents.samples:,} samples do not fit LMDB keys of eight digits; split the dataset")

    def writer(self, path: Path, contents: Contents) -> LmdbWriter:
        return LmdbWriter(path, contents, self.group)

    def reader(self, path: Path) -> LmdbReader:
        return LmdbReader(path)

    def used_bytes(self, path: Path) -> int:
        """Pages of the tree and its overflow pages, and the two meta pages (free pages are not in use)."""
        shared = _open_shared(path)
        try:
            stat = shared.environment.stat()
        finally:
            _close_shared(shared)
        pages = META_PAGES + stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return int(pages * stat["psize"])


def _key(number: int) -> bytes:
    return b"%08d" % number


class LmdbWriter:
    """Appends in key order, so that pages fill up, in transactions of about 16 MiB; the map doubles when it is full."""

    def __init__(self, path: Path, contents: Contents, group: int) -> None:
        path.mkdir(parents=True)
        # Nobody reads before the finished file is synced and published, so no commit waits for the disk.
        self._environment = lmdb.open(str(path), map_size=FIRST_MAP, lock=False, sync=False, metasync=False)
        self._contents = contents
        self._group = group
        self._labels: list[np.ndarray] = []
        self._pending: list[bytes | Buffer] = []
        self._items: list[tuple[bytes, Buffer]] = []
        self._item_bytes = 0
        self._next_key = 0

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        self._labels.append(np.asarray(labels, "<i8"))
        if self._group == 1:
            for payload in payloads:
                self._put(payload)
        else:
            self._write_groups(payloads)

    def close(self) -> None:
        if self._pending:
            self._put(_pack(self._pending))
        metadata = {"samples": self._contents.samples, "group": self._group, "classes": list(self._contents.classes)}
        self._append(LABELS, np.concatenate([np.empty(0, "<i8"), *self._labels]).tobytes())
        self._append(METADATA, json.dumps(metadata | dict(self._contents.metadata)).encode())
        if self._contents.dictionary is not None:
            self._append(DICTIONARY, self._contents.dictionary)
        # Keys sort bytewise; digits come before "_", and these three among themselves like this.
        self._items.sort(key=lambda item: item[0])
        self._commit()
        self._environment.close()

    def abort(self) -> None:
        self._environment.close()

    def _write_groups(self, payloads: Sequence[Buffer]) -> None:
        for payload in payloads:
            self._pending.append(payload)
            if len(self._pending) == self._group:
                self._put(_pack(self._pending))
                self._pending = []

    def _put(self, value: Buffer) -> None:
        self._append(_key(self._next_key), value)
        self._next_key += 1
        if self._item_bytes >= COMMIT_BYTES:
            self._commit()

    def _append(self, key: bytes, value: Buffer) -> None:
        self._items.append((key, value))
        self._item_bytes += len(value)

    def _commit(self) -> None:
        while not self._committed():
            self._environment.set_mapsize(2 * self._environment.info()["map_size"])
        self._items, self._item_bytes = [], 0

    def _committed(self) -> bool:
        """Whether the items went in; False where the map is full. Raises OSError where the disk takes no more."""
        try:
            with self._environment.begin(write=True) as transaction:
                transaction.cursor().putmulti(self._items, append=True)
        except lmdb.MapFullError:
            return False
        except lmdb.Error as error:
            # A write that a full disk cuts short is a mere "Input/output error" to LMDB.
            path = self._environment.path()
            full = shutil.disk_usage(path).free < self._item_bytes + COMMIT_BYTES
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error), path) from None
        return True


def _pack(payloads: Sequence[Buffer]) -> bytes:
    """One value of several payloads."""
    offsets = list(accumulate(map(len, payloads), initial=0))
    if offsets[-1] >= 2**32:
        raise InputError("a group of 4 GiB or more does not fit one LMDB value: choose a smaller group")
    table = np.array([len(payloads), *offsets], "<u4").tobytes()
    return b"".join([table, *payloads])


class LmdbReader:
    """Views into the map. Environments are opened once a process and path; a transaction and its views a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._environment = PerProcess(partial(_open_shared, path))

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def labels(self) -> Labels:
        value = self._need(LABELS)
        if len(value) % 8:
            raise InputError(f"{self._path}: __labels__ has {len(value)} bytes, not eight a sample")
        return np.frombuffer(value, "<i8").astype(np.int64)

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        return dict(json.loads(bytes(self._need(METADATA))))

    @cached_property
    def dictionary(self) -> bytes | None:
        value = self._get(DICTIONARY)
        return None if value is None else bytes(value)

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        group = self._group
        if group > 1:
            return [_unpack(self._need(_key(index // group)), index % group) for index in indices]
        get = self._environment.get().transaction().get
        values = [get(b"%08d" % index) for index in indices]
        if None in values:
            self._need(_key(indices[values.index(None)]))
        return cast("list[Buffer]", values)

    def key(self, index: int) -> str:
        group = self._group
        return f"{index:08d}" if group == 1 else f"{index // group:08d}[{index % group}]"

    def stored_bytes(self, index: int) -> int:
        """What the value takes in its page, or the overflow pages of its own; a group's share in equal parts."""
        page = self._page_size
        value = len(self._need(_key(index // self._group)))
        node = NODE_HEADER + len(_key(0)) + value
        if node > _largest_node(page):
            return (-(-(PAGE_HEADER + value) // page) * page + NODE_HEADER + len(_key(0)) + 8 + 2) // self._group
        return (node + node % 2 + 2) // self._group

    def close(self) -> None:
        """Views handed out before are no longer valid."""
        environment = self._environment.take()
        if environment is not None:
            _close_shared(environment)

    def __reduce__(self) -> tuple[Any, ...]:
        return LmdbReader, (self._path,)

    @cached_property
    def _group(self) -> int:
        return int(self.metadata.get("group", 1))

    @cached_property
    def _page_size(self) -> int:
        return int(self._environment.get().environment.stat()["psize"])

    def _get(self, key: bytes) -> memoryview | None:
        return cast("memoryview | None", self._environment.get().transaction().get(key))

    def _need(self, key: bytes) -> memoryview:
        value = self._get(key)
        if value is None:
            raise InputError(f"{self._path} has no entry {key.decode()!r}: it is not a store of ours, or is damaged")
        return value


def _largest_node(page: int) -> int:
    """The largest node that LMDB keeps inside a page (me_nodemax in mdb.c: at least two keys a page)."""
    return (((page - PAGE_HEADER) // 2) & ~1) - 2


def _unpack(value: memoryview, position: int) -> memoryview:
    """One payload of a group. Raises ValueError where the table does not fit the value."""
    count = int.from_bytes(value[:4], "little")
    start_of_payloads = 4 + 4 * (count + 1)
    if position >= count or start_of_payloads > len(value):
        raise ValueError("a group's table of offsets is damaged")
    start, end = np.frombuffer(value[4 + 4 * position : 12 + 4 * position], "<u4").tolist()
    if not start <= end <= len(value) - start_of_payloads:
        raise ValueError("a group's table of offsets is damaged")
    return value[start_of_payloads + start : start_of_payloads + end]


class _Shared:
    """One environment of this process and how many readers use it: LMDB must not open a file twice in a process."""

    def __init__(self, environment: lmdb.Environment, identity: tuple[int, int, int]) -> None:
        self.environment = environment
        self.identity = identity
        self.users = 0
        self._local = threading.local()

    def transaction(self) -> lmdb.Transaction:
        """This thread's read transaction; its values are views into the map."""
        transaction: lmdb.Transaction | None = getattr(self._local, "transaction", None)
        if transaction is None:
            transaction = self._local.transaction = self.environment.begin(buffers=True)
        return transaction


_shared: dict[tuple[int, int, int], _Shared] = {}
_shared_lock = threading.Lock()


def _identity(path: Path) -> tuple[int, int, int]:
    """A map's identity in this process: a store built anew under the same path is another file."""
    status = (path / "data.mdb").stat()
    return os.getpid(), status.st_dev, status.st_ino


def _open_shared(path: Path) -> _Shared:
    """Raises InputError where there is no LMDB that can be opened."""
    try:
        identity = _identity(path)
        with _shared_lock:
            _close_inherited(identity)
            if identity not in _shared:
                # No lock file: nothing is written beside what is only read, and a finished store never changes.
                environment = lmdb.open(str(path), readonly=True, lock=False, readahead=False, create=False)
                _shared[identity] = _Shared(environment, identity)
            _shared[identity].users += 1
            return _shared[identity]
    except (OSError, lmdb.Error) as error:
        raise InputError(f"{path} cannot be opened as LMDB: {error}") from None


def _close_inherited(identity: tuple[int, int, int]) -> None:
    """A forked child opens for itself, and LMDB refuses a file while the parent's environment is open in here too."""
    for inherited in [one for one in _shared if one[0] != identity[0] and one[1:] == identity[1:]]:
        _shared.pop(inherited).environment.close()


def _renew_lock() -> None:
    # Another thread of the parent may have held it when we were forked; nobody in here would ever free it.
    global _shared_lock
    _shared_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _close_shared(shared: _Shared) -> None:
    """Closed when its last reader closes. A reader that is only forgotten leaves it open: its views stay valid."""
    with _shared_lock:
        shared.users -= 1
        if shared.users == 0:
            del _shared[shared.identity]
            shared.environment.close()
