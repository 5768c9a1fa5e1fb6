"""Read-only access to the keys and values of an LMDB, in a process that may die of it (see `process`)."""

from __future__ import annotations

import bisect
import contextlib
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import lmdb

from core.errors import InputError
from core.inspect.kinds import is_lmdb_32bit

STRIDE = 256
"""Every so many keys one is remembered, so that any index is at most this many steps of a cursor away."""


META_HEADER, MAP_SIZE = 40, 32
"""A page header of 16 bytes, then magic, version (uint32), address and map size (uint64)."""


class LmdbFile:
    """The main database of one LMDB file (`data.mdb` or a single file). Opened without a lock file."""

    kind: ClassVar[str] = "lmdb"

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._env = lmdb.open(
                str(path), subdir=False, readonly=True, lock=False, create=False, readahead=False, max_spare_txns=1
            )
            self._txn = self._env.begin(buffers=True)
            self._stat: dict[str, Any] = dict(self._txn.stat(self._env.open_db(txn=self._txn, create=False)))
        except lmdb.Error as error:
            raise InputError(f"{path} is an LMDB that cannot be opened: {_reason(path, error)}") from None
        self._cursor = self._txn.cursor()
        self._landmarks: list[bytes] = []

    def __len__(self) -> int:
        """Entries, bookkeeping ones included."""
        return int(self._stat["entries"])

    def get(self, key: bytes) -> bytes | None:
        """A copy of the value, or None. Raises ValueError where a damaged page is in the way."""
        with self._told():
            value = self._txn.get(key)
            return None if value is None else bytes(value)

    def key_at(self, index: int) -> bytes:
        """The key at a position in the order of keys.

        Raises:
            IndexError: there are fewer.
            ValueError: a damaged page is in the way.
        """
        with self._told():
            self._seek_landmark(index // STRIDE)
            for _ in range(index % STRIDE):
                if not self._cursor.next():
                    raise IndexError(f"the keys end before number {index}")
            return bytes(self._cursor.key())

    def index_of(self, key: bytes) -> int | None:
        """The position of a key in the order of keys, or None where there is no such key. Raises ValueError."""
        with self._told():
            if not self._cursor.set_key(key):
                return None
            landmark = self._landmark_before(key)
            self._cursor.set_key(self._landmarks[landmark])
            for step in range(STRIDE):
                if bytes(self._cursor.key()) == key:
                    return landmark * STRIDE + step
                if not self._cursor.next():
                    break
        return None

    def first(self, count: int) -> list[tuple[bytes, bytes]]:
        """The first entries in the order of keys, as many as can be read."""
        found: list[tuple[bytes, bytes]] = []
        with contextlib.suppress(IndexError, ValueError):
            while len(found) < count:
                key = self.key_at(len(found))
                found.append((key, self.get(key) or b""))
        return found

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """LMDB's errors as ValueErrors, and a fresh transaction after one: a failed one serves nothing more."""
        try:
            yield
        except lmdb.Error as error:
            self._cursor.close()
            self._txn.abort()
            self._txn = self._env.begin(buffers=True)
            self._cursor = self._txn.cursor()
            raise ValueError(f"LMDB finds it damaged: {error}") from None

    def _landmark_before(self, key: bytes) -> int:
        """The last landmark that is not behind `key`."""
        with contextlib.suppress(IndexError):
            self._seek_landmark(0)
            while self._landmarks[-1] <= key:
                self._seek_landmark(len(self._landmarks))
        return bisect.bisect_right(self._landmarks, key) - 1

    def _seek_landmark(self, wanted: int) -> None:
        """Put the cursor on key number `wanted * STRIDE`, remembering the landmarks that are passed."""
        if not self._landmarks:
            if not self._cursor.first():
                raise IndexError("there are no keys")
            self._landmarks.append(bytes(self._cursor.key()))
        reached = min(wanted, len(self._landmarks) - 1)
        self._cursor.set_key(self._landmarks[reached])
        while reached < wanted:
            for _ in range(STRIDE):
                if not self._cursor.next():
                    raise IndexError(f"the keys end before number {wanted * STRIDE}")
            self._landmarks.append(bytes(self._cursor.key()))
            reached += 1

    def structure(self) -> Mapping[str, Any]:
        """Pages of the main database and the four numbers that are confused most: map, pages, allocated, apparent."""
        info, status = self._env.info(), self.path.stat()
        page = int(self._stat["psize"])
        return {
            "page_bytes": page,
            "depth": int(self._stat["depth"]),
            "branch_pages": int(self._stat["branch_pages"]),
            "leaf_pages": int(self._stat["leaf_pages"]),
            "overflow_pages": int(self._stat["overflow_pages"]),
            "entries": len(self),
            "map_bytes": _reserved(self.path, page),
            "last_page": int(info["last_pgno"]),
            "used_bytes": page * (int(info["last_pgno"]) + 1),
            "apparent_bytes": status.st_size,
            "allocated_bytes": status.st_blocks * 512,
        }

    def warnings(self) -> list[str]:
        """What is wrong with the file as a whole."""
        layout = self.structure()
        if layout["apparent_bytes"] < layout["used_bytes"]:
            missing = layout["used_bytes"] - layout["apparent_bytes"]
            return [f"the file is damaged: it was cut short, {missing:,} bytes are missing at its end"]
        return []

    def stored_bytes(self, key: bytes, value_bytes: int) -> int:
        """What an entry occupies: its node in a leaf page, or that and the overflow pages of a large value."""
        page = int(self._stat["psize"])
        node = 8 + len(key) + value_bytes
        if node <= (page - 16) // 2 - 2:
            return node + (node & 1) + 2
        return 8 + len(key) + 8 + 2 + -(-(value_bytes + 16) // page) * page

    def close(self) -> None:
        self._cursor.close()
        self._txn.abort()
        self._env.close()


def _reason(path: Path, error: lmdb.Error) -> str:
    """What LMDB says, or what we know better."""
    with path.open("rb") as file:
        if is_lmdb_32bit(file.read(META_HEADER)):
            return "a 32-bit system wrote it, and only a 32-bit LMDB reads it; copy it there with mdb_dump"
    return str(error)


def _reserved(path: Path, page: int) -> int:
    """The map size that the writer reserved, from the meta pages; py-lmdb tells the map that this process made."""
    with path.open("rb") as file:
        head = file.read(page + META_HEADER)
    sizes = (
        struct.unpack_from("<Q", head, start + MAP_SIZE)[0] for start in (0, page) if len(head) >= start + META_HEADER
    )
    return max(sizes, default=0)
