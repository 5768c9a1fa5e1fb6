"""One request to one storage, without a second try: what `attempts` repeats.

A transport's coroutines run on fsspec's loop. What fails becomes a `RequestFault` that says in few words of ours why,
and whether another try can help: libraries' own texts may hold addresses with signatures.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..base.errors import InputError
from ..base.extras import needed_by
from .address import scheme_of, shown
from .settings import RemoteSettings

if TYPE_CHECKING:
    import asyncio

Made = TypeVar("Made")

MISSING, REFUSED, CHANGED, BROKEN = "missing", "refused", "changed", "broken"


class RequestFault(Exception):
    """Why one attempt failed. `kind` is MISSING, REFUSED (both final), CHANGED (final) or BROKEN (try again)."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RemoteStat:
    """size: bytes. version: ETag or time of the last change, "" where the storage tells none."""

    size: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One file of a listing; `path` is relative to the address that was listed."""

    path: str
    size: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class Got:
    """The bytes of a range, and what the answer says of the whole file: its size (-1: nothing) and version ("")."""

    data: bytes
    size: int = -1
    version: str = ""


class Again(Protocol):
    """Runs one request and repeats it where that can help; `amount` is how many bytes it sends."""

    async def __call__(self, request: Callable[[], Awaitable[Made]], amount: int = 0) -> Made: ...


class Transport(Protocol):
    """`path` is all that follows the protocol: "bucket/folder/file". Every method raises RequestFault."""

    async def stat(self, path: str) -> RemoteStat: ...

    async def get(self, path: str, start: int, stop: int, version: str) -> Got:
        """At most `stop - start` bytes from `start`; CHANGED where the file's version is another than `version`."""
        ...

    async def page(self, folder: str, token: str) -> tuple[Sequence[RemoteEntry], str]:
        """Some of the files below a folder, with paths relative to it, in order of their paths' bytes; and the token
        of the next page, "" after the last one. The first is asked for with ""."""
        ...

    async def put(self, path: str, data: bytes) -> None: ...

    async def put_file(self, path: str, local: Path, again: Again) -> None:
        """Write a local file there, whole or not at all. Every request goes through `again`, which repeats it."""
        ...

    async def remove(self, path: str) -> None: ...


def status_fault(status: int, code: str = "") -> RequestFault:
    """What an HTTP status means for another try."""
    told = f"the server says {status}{f' ({code})' if code.isalnum() and len(code) < 60 else ''}"
    if status in (404, 410):
        return RequestFault(MISSING, told)
    if status == 412:
        return RequestFault(CHANGED, told)
    if status in (408, 425, 429) or status >= 500:
        return RequestFault(BROKEN, told)
    return RequestFault(REFUSED, told)


def error_fault(error: BaseException) -> RequestFault:
    """Of what a library raised that tells no status."""
    if isinstance(error, FileNotFoundError):
        return RequestFault(MISSING, "it is not there")
    if isinstance(error, PermissionError):
        return RequestFault(REFUSED, "access is denied")
    if isinstance(error, TypeError | ValueError | NotImplementedError | ImportError):
        return RequestFault(REFUSED, f"the storage's library cannot do this ({type(error).__name__})")
    text = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return RequestFault(BROKEN, text)


_open: dict[tuple[int, str, RemoteSettings], tuple[int, Transport]] = {}
"""Each with what the environment said when it was opened."""

_parents: list[Transport] = []
"""Kept, because what closes a connection that nobody refers to any more would wait for the parent's loop."""

CREDENTIALS = ("AWS_", "FSSPEC_", "AZURE_", "GOOGLE_", "GCS_", "STORAGE_")
"""Variables that begin so may hold credentials or endpoints."""

_lock = threading.Lock()


def _forget_parent() -> None:
    """Connections and locks of a forked process's parent are not its own: they are neither used nor closed."""
    global _lock
    _lock = threading.Lock()
    _parents.extend(transport for _, transport in _open.values())
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)


def open_transport(address: str, settings: RemoteSettings) -> Transport:
    """The one of this process for a protocol; another one once the environment has other credentials or endpoints.

    Raises InputError for a protocol that nothing is installed for.
    """
    scheme = scheme_of(address)
    said = hash(tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith(CREDENTIALS))))
    with _lock:
        key = (os.getpid(), scheme, settings)
        if key not in _open or _open[key][0] != said:
            _open[key] = said, _opened(address, scheme, settings)
        return _open[key][1]


def event_loop() -> asyncio.AbstractEventLoop:
    """fsspec's loop in this process, which runs in a thread of its own."""
    with needed_by("an address"):
        from fsspec.asyn import get_loop
    loop: asyncio.AbstractEventLoop = get_loop()
    return loop


def _opened(address: str, scheme: str, settings: RemoteSettings) -> Transport:
    with needed_by(f"{scheme}://"):
        if scheme in ("s3", "s3a"):
            from .s3 import S3Transport

            return S3Transport(settings)
        if scheme in ("http", "https"):
            from .web import WebTransport

            return WebTransport(settings, scheme)
        import fsspec  # noqa: F401 - what is missing is named

        from .any_fsspec import FsspecTransport
    try:
        return FsspecTransport(scheme)
    except (ValueError, ImportError) as error:
        text = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError(f"{shown(address)} cannot be opened: {text}") from None
