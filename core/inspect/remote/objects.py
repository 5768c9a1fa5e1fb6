"""The caller's side: objects at addresses as this process reads them, and how much of them was transferred."""

from __future__ import annotations

import itertools
import mmap
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from ...base.errors import InputError
from ...base.units import counted, size_text
from ...remote.errors import RemoteChanged, RemoteError, RemoteMissing
from ...remote.files import RemoteFiles
from ...remote.ranges import Range
from ...remote.settings import RemoteSettings
from ...remote.traffic import Traffic
from ...remote.transport import RemoteStat
from .link import BYTES, STATUS
from .memory import BLOCK

FRESH_SECONDS = 10.0
"""Seconds for which an object is taken to be what it was; then its size and version are asked for again."""

KEPT_BYTES = 1 << 26
"""Bytes of all objects that are kept, so that what was identified is not read again to be opened."""

SETTINGS = RemoteSettings(retries=3, timeout_s=15.0, total_s=40.0)
"""Somebody is waiting."""

MOST_AT_ONCE = 1 << 26
PART = 1 << 22
"""Bytes of one request, of several that are under way at once."""

MOST_OBJECTS = 20_000
MOST_FOLDERS = 16
MOST_ENTRIES = 20_000
"""Objects of a folder, those in folders within it among them, that are looked at."""

MOST_BESIDE = 64
"""Names beside an opened object that its reader may ask for."""


Status = tuple[int, str]
"""(size in bytes, version; "" where that is not known)."""


def transferred(remote: Mapping[str, Any]) -> str:
    """ "Read 1.4 MB of 107 GB in 9 requests": `InspectedFile.remote` in words."""
    amount = f"{size_text(remote['bytes_read'])} of {size_text(remote['size'])}"
    return f"Read {amount} in {counted(remote['requests'], 'request')}"


class KeptBlocks:
    """The blocks of all objects that were read last, `KEPT_BYTES` together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._bytes = 0

    def of(self, address: str, blocks: Sequence[int]) -> dict[int, bytes]:
        """Those of an object that are there."""
        with self._lock:
            found = {block: self._blocks[address, block] for block in blocks if (address, block) in self._blocks}
            for block in found:
                self._blocks.move_to_end((address, block))
            return found

    def keep(self, address: str, blocks: Mapping[int, bytes]) -> None:
        with self._lock:
            for block, data in blocks.items():
                self._bytes += len(data) - len(self._blocks.pop((address, block), b""))
                self._blocks[address, block] = data
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._blocks.popitem(last=False)[1])

    def forget(self, address: str) -> None:
        """Those of an object that is another one by now."""
        with self._lock:
            for key in [key for key in self._blocks if key[0] == address]:
                self._bytes -= len(self._blocks.pop(key))


class RemoteObject:
    """One object at an address. Safe to use from several threads."""

    def __init__(self, address: str, kept: KeptBlocks) -> None:
        self.address = address
        self.files = RemoteFiles(address, SETTINGS)
        self._kept = kept
        self._lock = threading.RLock()
        self._status: Status | None = None
        self._asked = 0.0
        self.since = 0.0

    def status(self, seconds: float = FRESH_SECONDS) -> Status:
        """What it was within so many seconds. Raises FileNotFoundError, RemoteError."""
        with self._lock:
            if self._status is None or time.monotonic() - self._asked > seconds:
                try:
                    self.is_now(self.files.stat())
                except RemoteMissing as error:
                    self._status = None
                    raise FileNotFoundError(str(error)) from None
            return cast("Status", self._status)

    def is_now(self, told: RemoteStat) -> None:
        """This was said of it just now. What was kept of it is let go where it may be another one."""
        with self._lock:
            now = told.size, told.version
            if now != self._status:
                self.since = time.time()
            if now != self._status or not told.version:
                self._kept.forget(self.address)
            self._status, self._asked = now, time.monotonic()

    def read(self, ranges: Sequence[Range], opened: Status | None = None) -> list[bytes]:
        """These bytes (start, stop), in whole blocks, several requests under way. `opened`: what it was when it was
        opened.

        Raises RemoteError, also for an object that is another one by now.
        """
        with self._lock:
            try:
                size, version = self.status()
            except FileNotFoundError:
                raise RemoteMissing(f"{self.files.name()} is gone: it was there when it was opened") from None
            if opened is not None and (size, version) != opened:
                raise RemoteChanged(f"{self.files.name()} has changed while it was read; open it again")
            for start, stop in ranges:
                if not 0 <= start <= stop <= size:
                    raise ValueError(f"bytes {start:,} to {stop:,} of {size:,}")
            if sum(stop - start for start, stop in ranges) > MOST_AT_ONCE:
                raise ValueError(f"more than {MOST_AT_ONCE:,} bytes")
            made = self._blocks(ranges, size, version)
        return [_cut(made, start, stop) for start, stop in ranges]

    def _blocks(self, ranges: Sequence[Range], size: int, version: str) -> dict[int, bytes]:
        """All blocks of these ranges, from what is kept, and what is not in as few requests as are good."""
        wanted = sorted({block for start, stop in ranges for block in range(start // BLOCK, -(-stop // BLOCK))})
        made = self._kept.of(self.address, wanted)
        parts: list[Range] = []
        for start in (block * BLOCK for block in wanted if block not in made):
            stop = min(start + BLOCK, size)
            if parts and parts[-1][1] == start and stop - parts[-1][0] <= PART:
                parts[-1] = parts[-1][0], stop
            else:
                parts.append((start, stop))
        for (start, stop), data in zip(parts, self._fetched(parts, version), strict=True):
            new = {place // BLOCK: data[place - start :][:BLOCK] for place in range(start, stop, BLOCK)}
            self._kept.keep(self.address, new)
            made |= new
        return made

    def _fetched(self, parts: Sequence[Range], version: str) -> list[bytes]:
        if len(parts) == 1:
            return [self.files.read("", *parts[0], version)]
        return self.files.read_ranges("", parts, version) if parts else []


def _cut(blocks: Mapping[int, bytes], start: int, stop: int) -> bytes:
    first = start // BLOCK
    whole = b"".join(blocks[block] for block in range(first, -(-stop // BLOCK)))
    return whole[start - first * BLOCK :][: stop - start]


class RemoteFolder:
    """A folder at an address."""

    def __init__(self, address: str) -> None:
        self.files = RemoteFiles(address, SETTINGS)
        self._listed: dict[str, RemoteStat] = {}
        self._asked = 0.0

    @property
    def fresh(self) -> dict[str, RemoteStat] | None:
        """The objects in the folder itself by their names, where something was found in it lately."""
        return self._listed if self._listed and time.monotonic() - self._asked < FRESH_SECONDS else None

    def names(self, seconds: float = FRESH_SECONDS) -> dict[str, RemoteStat]:
        """The same, listed where that was longer ago. Raises RemoteError."""
        if not self._listed or time.monotonic() - self._asked > seconds:
            entries = itertools.islice(self.files.listing(), MOST_ENTRIES)
            found = {entry.path: RemoteStat(entry.size, entry.version) for entry in entries if "/" not in entry.path}
            self._listed, self._asked = found, time.monotonic()
        return self._listed


class NetworkAccess:
    """See `location.RemoteAccess`: with the network, by the libraries' own credentials."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kept = KeptBlocks()
        self._objects: OrderedDict[str, RemoteObject] = OrderedDict()
        self._folders: OrderedDict[str, RemoteFolder] = OrderedDict()

    def object(self, name: str) -> RemoteObject:
        with self._lock:
            if name not in self._objects:
                self._objects[name] = RemoteObject(name, self._kept)
            while len(self._objects) > MOST_OBJECTS:
                self._objects.popitem(last=False)
            return self._objects[name]

    def status(self, name: str) -> Status:
        folder, _, last = name.rpartition("/")
        listed = (self.listed(folder) or {}).get(last)
        return self.object(name).status() if listed is None else (listed.size, listed.version)

    def opened(self, names: Sequence[str]) -> dict[str, Status]:
        """What they are now: of several in one folder by listing it. Raises FileNotFoundError, RemoteError."""
        folders = {name.rpartition("/")[0] for name in names}
        if len(names) > 1:
            for folder in folders & self._folders.keys():
                for last, told in self._folders[folder].names(0).items():
                    self.object(f"{folder}/{last}").is_now(told)
        return {name: self.object(name).status(FRESH_SECONDS if len(names) > 1 else 0) for name in names}

    def since(self, name: str) -> float:
        return self.object(name).since

    def read(self, name: str, start: int, stop: int) -> bytes:
        parts = [(place, min(place + MOST_AT_ONCE, stop)) for place in range(start, stop, MOST_AT_ONCE)]
        return b"".join(self.object(name).read([part])[0] for part in parts)

    def mapped(self, name: str) -> mmap.mmap:
        raise InputError(f"{name} is mapped in a reader process alone")

    def names(self, folder: str) -> Sequence[str] | None:
        with self._lock:
            if folder not in self._folders:
                self._folders[folder] = RemoteFolder(folder)
                while len(self._folders) > MOST_FOLDERS:
                    self._folders.popitem(last=False)
            try:
                return list(self._folders[folder].names())
            except RemoteError:  # web servers list nothing
                return None

    def listed(self, folder: str) -> dict[str, RemoteStat] | None:
        """The objects in a folder by their names, where it was listed lately."""
        with self._lock:
            found = self._folders.get(folder)
            return found.fresh if found is not None else None

    def traffic(self, names: Sequence[str], folders: Collection[str]) -> Traffic:
        """What these objects, and the listings of these folders, have taken."""
        objects = [self._objects[name].files for name in names if name in self._objects]
        listings = [self._folders[folder].files for folder in folders if folder in self._folders]
        return sum((one.traffic for one in (*objects, *listings)), Traffic())


class ServedObjects:
    """What one reader process may have: the objects that it was opened with, and those beside them.

    `waited`: the seconds that the network has taken for it.
    """

    def __init__(self, access: NetworkAccess, names: Sequence[str]) -> None:
        self._access = access
        self.names = list(names)
        self._folders = {name.rpartition("/")[0] for name in names}
        self._beside: set[str] = set()
        self.waited = 0.0
        self._opened: dict[str, Status] = {}
        self._size = 0

    def opening(self) -> dict[str, Any]:
        """What the reader is told of them: `objects`, name -> [size, version], and `folders`, name -> all names in it
        where it was listed. Raises FileNotFoundError, RemoteError."""
        known = {folder: self._access.listed(folder) for folder in self._folders}
        objects = self._opened = self._access.opened(self.names)
        self._size = sum(size for size, _ in objects.values())
        return {
            "objects": {name: list(told) for name, told in objects.items()},
            "folders": {folder: list(names) for folder, names in known.items() if names is not None},
        }

    @staticmethod
    def is_question(message: Mapping[str, Any]) -> bool:
        """Whether a reader's message asks for something, and is no answer."""
        return BYTES in message or STATUS in message

    def answer(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """The answer to a question of `link`.

        Raises RemoteError; ValueError where the reader asks for what it may not have.
        """
        began = time.monotonic()
        try:
            if BYTES in question:
                name, ranges = question[BYTES]
                self._check(name)
                asked = [(int(start), int(stop)) for start, stop in ranges]
                return {}, self._access.object(name).read(asked, self._opened.get(name))
            name = question[STATUS]
            self._check(name)
            try:
                size, version = self._access.status(name)
            except FileNotFoundError:
                return {"size": None}, []
            return {"size": size, "version": version}, []
        finally:
            self.waited += time.monotonic() - began

    def _check(self, name: object) -> None:
        """The reader has read a hostile file: it gets its own objects, and a few in the same folder."""
        if name in self.names or name in self._beside:
            return
        folder, _, last = name.rpartition("/") if isinstance(name, str) else ("", "", "")
        if folder not in self._folders or last in ("", ".", "..") or "?" in last or len(self._beside) >= MOST_BESIDE:
            raise ValueError("the reader asks for an object that is not its own")
        self._beside.add(str(name))

    def traffic(self) -> dict[str, int]:
        """size: bytes of its objects; requests, bytes_read: what this process has asked for, and got, of them and of
        what lies beside them."""
        done = self._access.traffic([*self.names, *self._beside], self._folders)
        return {"size": self._size, "requests": done.requests, "bytes_read": done.bytes}
