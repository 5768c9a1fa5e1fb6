"""The files of a folder that an index names: shards read at given places, few of them open at a time.

Names come from a foreign file: none leads out of the folder, and what is asked for must lie in the file.
"""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ..values import MAX_INFLATED, inflate

OPEN = 12
"""Files that are open at a time; a reader may have `limits.OPEN_FILES`."""


class ShardBytes(Protocol):
    """The bytes of one shard, wherever they are."""

    name: str
    size: int

    def at(self, start: int, count: int) -> bytes:
        """Raises ValueError where they do not all lie in it."""
        ...


class InflatedShard:
    """A shard that was compressed as a whole."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size, self._data = name, len(data), data

    def at(self, start: int, count: int) -> bytes:
        check_within(self, start, count)
        return self._data[start : start + count]


class ShardFile:
    """A shard as a file of a folder."""

    def __init__(self, folder: ShardFolder, name: str, size: int) -> None:
        self.name, self.size, self._folder = name, size, folder

    def at(self, start: int, count: int) -> bytes:
        check_within(self, start, count)
        return self._folder.read(self.name, start, count)


class ShardPart:
    """A piece of a shard, such as one sample."""

    def __init__(self, shard: ShardBytes, start: int, stop: int) -> None:
        self.name, self.size, self._shard, self._start = shard.name, stop - start, shard, start

    def at(self, start: int, count: int) -> bytes:
        check_within(self, start, count)
        if count > MAX_INFLATED:
            raise ValueError(f"{self.name}: {count:,} bytes of one sample are more than is read here")
        return self._shard.at(self._start + start, count)


def check_within(shard: ShardBytes, start: int, count: int) -> None:
    """Raises ValueError where `count` bytes from `start` on do not lie in the shard."""
    if start < 0 or count < 0 or start + count > shard.size:
        raise ValueError(f"{shard.name}: bytes {start:,} to {start + count:,} lie outside of its {shard.size:,}")


class ShardFolder:
    """A folder whose files are read by name. Close it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = folder.resolve()
        self._sizes: dict[str, int | None] = {}
        self._open: OrderedDict[str, int] = OrderedDict()
        self._inflated: InflatedShard | None = None

    def size(self, name: str) -> int | None:
        """The size of a file in bytes, as it was when it was first asked for; None where there is no such file in the
        folder, or its name leads out of it."""
        if name not in self._sizes:
            self._sizes[name] = self._size(name)
        return self._sizes[name]

    def _size(self, name: str) -> int | None:
        path = self._path(name)
        if path is None:
            return None
        try:
            status = path.stat()
        except (OSError, ValueError):
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def shard(self, name: str) -> ShardBytes:
        """A file as it is. Raises ValueError where it is missing."""
        size = self.size(name)
        if size is None:
            raise ValueError(f"the shard {name[:200]!r} is missing")
        return ShardFile(self, name, size)

    def inflated(self, name: str, compression: str) -> ShardBytes:
        """A file that is compressed as a whole, inflated; the one that was asked for last is kept.

        Raises ValueError where it is missing, broken or larger than the limit.
        """
        if self._inflated is None or self._inflated.name != name:
            self._inflated = None  # the old one goes before the new one comes
            packed = self.shard(name)
            if packed.size > MAX_INFLATED:
                raise ValueError(f"{name}: {packed.size:,} compressed bytes are more than are inflated at once here")
            try:
                self._inflated = InflatedShard(name, inflate(packed.at(0, packed.size), compression))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return self._inflated

    def read(self, name: str, start: int, count: int) -> bytes:
        """Bytes of a file. Raises ValueError where it has become shorter; OSError."""
        handle = self._handle(name)
        parts = []
        while count > 0:
            part = os.pread(handle, count, start)
            if not part:
                raise ValueError(f"{name}: it ends at byte {start:,}, earlier than when it was opened")
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return b"".join(parts)

    def close(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def _handle(self, name: str) -> int:
        if name not in self._open:
            path = self._path(name)
            if path is None:
                raise ValueError(f"the shard {name[:200]!r} lies outside of its folder")
            if len(self._open) >= OPEN:
                os.close(self._open.popitem(last=False)[1])
            self._open[name] = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._open.move_to_end(name)
        return self._open[name]

    @cached_property
    def _entries(self) -> Mapping[str, bool]:
        """What lies in the folder: name -> whether it is a file, and no link."""
        with os.scandir(self._root) as entries:
            return {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}

    def _path(self, name: str) -> Path | None:
        """The path of a name, followed through links (as the cache of Hugging Face's hub has them inside of it)."""
        if self._entries.get(name):
            return self._root / name
        if name not in self._entries and "/" not in name:
            return None
        try:
            path = (self._root / name).resolve()
        except (OSError, ValueError, RuntimeError):
            return None
        return path if self._root in path.parents else None
