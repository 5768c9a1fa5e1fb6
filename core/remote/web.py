"""Files that a web server has. There is no listing and no writing; a server must answer ranges or send files whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .settings import RemoteSettings
from .transport import (
    BROKEN,
    CHANGED,
    REFUSED,
    Again,
    Got,
    RemoteEntry,
    RemoteStat,
    RequestFault,
    error_fault,
    status_fault,
)


class WebTransport:
    """One session of this process; proxies and netrc are those of the environment."""

    def __init__(self, settings: RemoteSettings, scheme: str) -> None:
        import aiohttp
        import fsspec

        seconds = settings.timeout_s
        limit = aiohttp.ClientTimeout(total=None, sock_connect=min(seconds, 10), sock_read=seconds)
        given = {"auto_decompress": False, "trust_env": True, "timeout": limit}
        self._scheme = scheme
        self._fs: Any = fsspec.filesystem(scheme, client_kwargs=given, skip_instance_cache=True)

    async def stat(self, path: str) -> RemoteStat:
        """By its first byte: many servers answer no HEAD, and signed addresses are for one method."""
        got = await self.get(path, 0, 1, "")
        if got.size < 0:
            raise RequestFault(REFUSED, "the server does not tell the file's size")
        return RemoteStat(got.size, got.version)

    async def get(self, path: str, start: int, stop: int, version: str) -> Got:
        headers = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        try:
            session = await self._fs.set_session()
            async with session.get(f"{self._scheme}://{path}", headers=headers) as answer:
                return await _answer(answer, start, stop, version)
        except RequestFault:
            raise
        except Exception as error:  # noqa: BLE001 - aiohttp's and what lies below
            raise _fault(error) from None

    async def page(self, folder: str, token: str) -> tuple[Sequence[RemoteEntry], str]:
        raise RequestFault(REFUSED, "a web server cannot be listed")

    async def put(self, path: str, data: bytes) -> None:
        raise RequestFault(REFUSED, "nothing is written to web servers")

    async def put_file(self, path: str, local: Path, again: Again) -> None:
        raise RequestFault(REFUSED, "nothing is written to web servers")

    async def remove(self, path: str) -> None:
        raise RequestFault(REFUSED, "nothing is removed from web servers")


async def _answer(answer: Any, start: int, stop: int, version: str) -> Got:
    if answer.status == 416:
        raise RequestFault(CHANGED, "the file is shorter than it was")
    if answer.status >= 400:
        raise status_fault(answer.status)
    size = _size(answer, start)
    told = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
    if version and told and told != version:
        raise RequestFault(CHANGED, "it is another version")
    parts, left = [], stop - start
    while left > 0 and (part := await answer.content.read(left)):
        parts.append(part)
        left -= len(part)
    return Got(b"".join(parts), size, told)


def _size(answer: Any, start: int) -> int:
    """Of the whole file; -1 where it is not told. Raises RequestFault for an answer that is not about this range."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise RequestFault(REFUSED, "the server compresses what it sends")
    if answer.status == 206:
        unit, _, told = answer.headers.get("Content-Range", "").partition(" ")
        place, _, whole = told.partition("/")
        if unit != "bytes" or place.partition("-")[0] != str(start):
            raise RequestFault(BROKEN, "the server answers another range")
        return int(whole) if whole.isdecimal() else -1
    if start:
        raise RequestFault(REFUSED, "the server sends files whole only")
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else -1


def _fault(error: Exception) -> RequestFault:
    import aiohttp

    if isinstance(error, aiohttp.InvalidURL):
        return RequestFault(REFUSED, "it is no address")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return RequestFault(BROKEN, "there is no such server")
    if isinstance(error, aiohttp.ClientError):
        return RequestFault(
            BROKEN, "the connection broke" if not isinstance(error, TimeoutError) else "it takes too long"
        )
    return error_fault(error)
