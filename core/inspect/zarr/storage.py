"""The files of a Zarr store by their keys ("images/c/0/0"): in a folder, or in a zip archive. Nothing behind a link."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ...formats.container import open_descriptor
from ...formats.maps import mapped
from ..inflated_bytes import InflatedBytes
from ..zip_members import DEFLATED, STORED, ZipMember, members

MOST_ENTRIES = 500_000
"""Keys below an array that are listed."""

MOST_BYTES = 1 << 28
"""256 MiB of a file that is read as a whole."""

RAW_DEFLATE = -15


class ZarrStorage(Protocol):
    """Files by key. All numbers that come from a file are checked by whoever asks."""

    def size(self, key: str) -> int | None:
        """Bytes of a file; None where there is none."""
        ...

    def part(self, key: str, offset: int, count: int) -> bytes:
        """Some bytes of a file that is there, fewer at its end. Raises ValueError where they cannot be read."""
        ...

    def children(self, key: str) -> Iterator[str]:
        """The names of folders directly below one."""
        ...

    def below(self, key: str) -> Iterator[tuple[str, int]]:
        """(key counted from there, bytes) of the files below a folder, `MOST_ENTRIES` at most."""
        ...


def whole(storage: ZarrStorage, key: str, most: int = MOST_BYTES) -> bytes | None:
    """All of a file; None where there is none. Raises ValueError for one that is too large to be read."""
    size = storage.size(key)
    if size is None:
        return None
    if size > most:
        raise ValueError(f"{key} has {size:,} bytes; {most >> 20:,} MiB are read at most")
    return storage.part(key, 0, size)


class FolderStorage:
    """A folder."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._is_folder = lru_cache(maxsize=1 << 16)(self._looked_up)

    def size(self, key: str) -> int | None:
        if not self._is_inside(key):
            return None
        try:
            status = os.lstat(f"{self._root}/{key}")
        except (OSError, ValueError):
            return None
        return status.st_size if os.path.isfile(f"{self._root}/{key}") else None  # noqa: PTH113 - a string is at hand

    def part(self, key: str, offset: int, count: int) -> bytes:
        if not self._is_inside(key):
            raise ValueError(f"{key} lies behind a link, which is not followed")
        try:
            descriptor, _ = open_descriptor(f"{self._root}/{key}")
        except OSError as error:
            raise ValueError(f"{key} cannot be read: {error}") from None
        with os.fdopen(descriptor, "rb") as file:
            file.seek(offset)
            return file.read(count)

    def children(self, key: str) -> Iterator[str]:
        with suppress(OSError), os.scandir(f"{self._root}/{key}") as entries:
            looked = itertools.islice(entries, MOST_ENTRIES)
            yield from sorted(entry.name for entry in looked if entry.is_dir(follow_symlinks=False))

    def below(self, key: str) -> Iterator[tuple[str, int]]:
        return itertools.islice(self._walk(f"{self._root}/{key}", "", 0), MOST_ENTRIES)

    def _walk(self, folder: str, before: str, depth: int) -> Iterator[tuple[str, int]]:
        if depth > 34:
            return
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(entry.path, f"{before}{entry.name}/", depth + 1)
                elif entry.is_file(follow_symlinks=False):
                    yield before + entry.name, entry.stat(follow_symlinks=False).st_size

    def _is_inside(self, key: str) -> bool:
        """Whether no part of the path is a link."""
        parts = key.split("/")[:-1]
        return all(self._is_folder("/".join(parts[: number + 1])) for number in range(len(parts)))

    def _looked_up(self, folder: str) -> bool:
        path = Path(self._root, folder)
        return not path.is_symlink() and path.is_dir()


class ZipStorage:
    """A zip archive. Members that are compressed are inflated as far as they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError where the archive has no directory."""
        self._memory = memoryview(mapped(path))
        self.problems: list[str] = []
        self._members: dict[str, ZipMember] = {}
        for member in members(self._memory):
            if isinstance(member, str) or member.method not in (STORED, DEFLATED):
                self.problems.append(member if isinstance(member, str) else f"{member.name} is compressed otherwise")
            else:
                self._members[member.name] = member
        self._root = self._common_folder()

    def _common_folder(self) -> str:
        """The folder that the store lies in, where the archive holds one folder."""
        names = [name for name in self._members if name.rpartition("/")[2] in ("zarr.json", ".zgroup", ".zarray")]
        top = min(names, key=lambda name: name.count("/"), default="")
        return f"{top.rpartition('/')[0]}/" if "/" in top else ""

    def size(self, key: str) -> int | None:
        member = self._members.get(self._root + key)
        return None if member is None else member.size

    def part(self, key: str, offset: int, count: int) -> bytes:
        member = self._members[self._root + key]
        data = self._memory[member.start : member.start + member.stored]
        if member.method == STORED:
            return bytes(data[offset : offset + count])
        return InflatedBytes(data, RAW_DEFLATE, member.size).at(offset, min(count, max(member.size - offset, 0)))

    def children(self, key: str) -> Iterator[str]:
        start = self._root + (f"{key}/" if key else "")
        found = {name[len(start) :].partition("/") for name in self._members if name.startswith(start)}
        yield from sorted({first for first, slash, _ in found if slash})

    def below(self, key: str) -> Iterator[tuple[str, int]]:
        start = self._root + (f"{key}/" if key else "")
        inside = ((name[len(start) :], one.size) for name, one in self._members.items() if name.startswith(start))
        return itertools.islice(inside, MOST_ENTRIES)
