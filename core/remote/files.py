"""Files below an address: what every reader and writer of storage goes through."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..base.errors import InputError, disk_trouble_told
from .address import check_address, check_path, join, shown
from .attempts import Attempts
from .errors import RemoteChanged, RemoteError
from .ranges import Range, coalesced, cut
from .settings import RemoteSettings
from .traffic import Traffic, TrafficMeter
from .transport import (
    BROKEN,
    CHANGED,
    REFUSED,
    RemoteEntry,
    RemoteStat,
    RequestFault,
    Transport,
    event_loop,
    open_transport,
)

Given = TypeVar("Given")
Made = TypeVar("Made")

VERSIONS_KEPT = 4_096
"""Files whose version is remembered, so that their next range is of the same one."""


@dataclass(frozen=True, slots=True)
class ObjectRange:
    """Bytes `start` to `stop` of the file at `path`, which must be of `version` and have `size` bytes where they are
    given ("", -1)."""

    path: str
    start: int
    stop: int
    version: str = ""
    size: int = -1


class _State:
    """What belongs to one process: connections, counts, and which version of a file was seen."""

    def __init__(self, address: str, settings: RemoteSettings) -> None:
        self.pid = os.getpid()
        self.meter = TrafficMeter()
        self.transport: Transport = open_transport(address, settings)
        self.attempts = Attempts(settings, self.meter)
        self.versions: OrderedDict[str, str] = OrderedDict()

    def note(self, path: str, version: str) -> None:
        """On the loop only."""
        if version:
            self.versions[path] = version
            if len(self.versions) > VERSIONS_KEPT:
                self.versions.popitem(last=False)


@dataclass
class RemoteFiles:
    """Reads and writes files below `address`; a path "" is the address itself, where it is that of a file.

    May be used from several threads, after a fork, and in another process (it travels as its address and settings).
    Credentials are whatever the storage's own library finds. Every method raises RemoteMissing where there is nothing,
    RemoteError for what failed for good or was refused, InputError for a path that leaves the address.
    """

    address: str
    settings: RemoteSettings = field(default_factory=RemoteSettings)

    def __post_init__(self) -> None:
        self.address = check_address(self.address)
        self._made: _State | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteFiles, (self.address, self.settings)

    @property
    def traffic(self) -> Traffic:
        """What this object asked for in this process."""
        made = self._made
        return made.meter.total if made is not None and made.pid == os.getpid() else Traffic()

    def name(self, path: str = "") -> str:
        """What to call a file in a sentence."""
        return shown(join(self.address, path))

    def stat(self, path: str = "") -> RemoteStat:
        """Size and version of one file: one request."""
        return self._wait(self._stat(self._state, check_path(path)))

    def read(self, path: str, start: int, stop: int, version: str = "") -> bytes:
        """Bytes `start` to `stop`, exactly so many.

        Raises RemoteChanged where the file is not of `version`, or, without one, not of that which was first met here.
        """
        return self._wait(self._range(self._state, _checked(ObjectRange(path, start, stop, version))))

    def read_ranges(self, path: str, ranges: Sequence[Range], version: str = "") -> list[bytes]:
        """Several ranges of one file, in their order; close ones in one request, several requests under way."""
        for start, stop in ranges:
            _checked(ObjectRange(path, start, stop))
        parts = coalesced(ranges, self.settings.gap, self.settings.part)
        data = self.read_many([ObjectRange(path, start, stop, version) for start, stop in parts])
        return [cut(parts, data, one) for one in ranges]

    def read_many(self, ranges: Sequence[ObjectRange]) -> list[bytes]:
        """Ranges of several files, in their order, `in_flight` requests under way."""
        state = self._state
        given = [_checked(one) for one in ranges]
        return self._wait(self._each(given, lambda one: self._range(state, one)))

    def read_whole(self, files: Sequence[tuple[str, int]]) -> list[bytes]:
        """Several files by path and size. Raises RemoteChanged for one of another size."""
        return self.read_many([ObjectRange(path, 0, size, size=size) for path, size in files])

    def fetch(self, path: str, target: Path, stat: RemoteStat | None = None) -> RemoteStat:
        """The whole file to `target`, which is there complete or not at all. Raises WorkError for a full disk."""
        state, path = self._state, check_path(path)
        beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        with disk_trouble_told(f"fetching {self.name(path)}"):
            try:
                found = self._wait(self._fetched(state, path, beside, stat))
                beside.replace(target)
            finally:
                with contextlib.suppress(OSError):
                    beside.unlink(missing_ok=True)
        return found

    def listing(self, prefix: str = "") -> Iterator[RemoteEntry]:
        """Every file below a folder, in order of their paths' bytes, with paths relative to the address.

        Raises RemoteError where the storage cannot list (web servers), or lists in no order.
        """
        state, token, last = self._state, "", b""
        folder = _rest(join(self.address, check_path(prefix)))
        while True:
            entries, token = self._wait(self._page(state, folder, token))
            for entry in entries:
                if (path := entry.path.encode("utf-8", "surrogatepass")) <= last:
                    raise RemoteError(f"{self.name(prefix)} is listed in no order, which nothing here can work with")
                last = path
                yield RemoteEntry(join(prefix, entry.path) if prefix else entry.path, entry.size, entry.version)
            if not token:
                return

    def put_bytes(self, data: bytes, path: str) -> None:
        """Write `data` as the file at `path`, in the place of what is there."""
        state, place = self._state, self._place(path)
        name = f"writing {self.name(path)}"
        self._wait(state.attempts.make(name, lambda: state.transport.put(place, data), len(data)))
        state.meter.add(bytes=len(data))

    def put(self, local: Path, path: str) -> None:
        """Write a local file to `path`: whole or not at all, and of the right size afterwards."""
        state, place = self._state, self._place(path)
        name = f"writing {self.name(path)}"

        async def again(request: Callable[[], Any], amount: int = 0) -> Any:
            return await state.attempts.make(name, request, amount)

        with disk_trouble_told(name):
            size = local.stat().st_size
            self._wait(state.transport.put_file(place, local, again))
        state.meter.add(bytes=size)
        if (found := self.stat(path).size) != size:
            raise RemoteError(f"{name} failed: it has {found:,} bytes there instead of {size:,}")

    def remove(self, path: str) -> None:
        """Remove one file; one that is not there is no error."""
        state, place = self._state, self._place(path)
        self._wait(state.attempts.make(f"removing {self.name(path)}", lambda: state.transport.remove(place)))

    @property
    def _state(self) -> _State:
        made = self._made
        if made is None or made.pid != os.getpid():
            if made is not None:
                self._lock = threading.Lock()  # the parent's may be held by a thread that is not here
            with self._lock:
                if self._made is None or self._made.pid != os.getpid():
                    self._made = _State(self.address, self.settings)
                made = self._made
        return made

    def _place(self, path: str) -> str:
        return _rest(join(self.address, check_path(path)))

    def _wait(self, work: Coroutine[Any, Any, Made]) -> Made:
        future = asyncio.run_coroutine_threadsafe(work, event_loop())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _each(self, given: Sequence[Given], make: Callable[[Given], Coroutine[Any, Any, Made]]) -> list[Made]:
        """`make` of each, so many under way as may be; the first error ends all."""
        made: dict[int, Made] = {}
        waiting = iter(enumerate(given))

        async def work() -> None:
            for number, one in waiting:
                made[number] = await make(one)

        tasks = [asyncio.ensure_future(work()) for _ in range(min(self.settings.in_flight, len(given)))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return [made[number] for number in range(len(given))]

    async def _stat(self, state: _State, path: str) -> RemoteStat:
        place = self._place(path)
        return await state.attempts.make(self.name(path), lambda: state.transport.stat(place), hedge=True)

    async def _page(self, state: _State, folder: str, token: str) -> tuple[Sequence[RemoteEntry], str]:
        name = f"listing {self.name()}"
        return await state.attempts.make(name, lambda: state.transport.page(folder, token))

    async def _range(self, state: _State, wanted: ObjectRange) -> bytes:
        length, place = wanted.stop - wanted.start, self._place(wanted.path)
        if not length:
            return b""

        async def request() -> bytes:
            expected = wanted.version or state.versions.get(wanted.path, "")
            got = await state.transport.get(place, wanted.start, wanted.stop, expected)
            state.meter.add(bytes=len(got.data))
            if expected and got.version and got.version != expected:
                raise RequestFault(CHANGED, "it is another version")
            if 0 <= wanted.size != got.size >= 0:
                raise RequestFault(CHANGED, f"it has {got.size:,} bytes instead of {wanted.size:,}")
            if 0 <= got.size < wanted.stop:
                raise RequestFault(CHANGED if expected else REFUSED, f"it has {got.size:,} bytes only")
            if len(got.data) != length:
                raise RequestFault(BROKEN, f"{len(got.data):,} of {length:,} bytes came")
            state.note(wanted.path, got.version)
            return got.data

        name = f"{self.name(wanted.path)} (bytes {wanted.start:,} to {wanted.stop - 1:,})"
        return await state.attempts.make(name, request, length, hedge=True)

    async def _fetched(self, state: _State, path: str, target: Path, stat: RemoteStat | None) -> RemoteStat:
        found = stat or await self._stat(state, path)
        part = self.settings.part
        with target.open("wb") as file:
            descriptor = file.fileno()

            async def bring(start: int) -> None:
                stop = min(start + part, found.size)
                data = await self._range(state, ObjectRange(path, start, stop, found.version))
                await asyncio.to_thread(_written, descriptor, data, start)

            await self._each(range(0, found.size, part), bring)
        if path not in state.versions and found.version and await self._stat(state, path) != found:
            raise RemoteChanged(f"{self.name(path)} has changed while it was read")
        return found


def _written(descriptor: int, data: bytes, start: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(descriptor, view, start)
        view, start = view[done:], start + done


def _checked(wanted: ObjectRange) -> ObjectRange:
    check_path(wanted.path)
    if not 0 <= wanted.start <= wanted.stop:
        raise InputError(f"bytes {wanted.start:,} to {wanted.stop:,} are no range of a file")
    return wanted


def _rest(address: str) -> str:
    """What follows the protocol."""
    return address.partition("://")[2]
