"""Any other storage that fsspec knows: Google's, Azure's, HDFS, SFTP, memory. Its own library makes the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .transport import REFUSED, Again, Got, RemoteEntry, RemoteStat, RequestFault, error_fault, status_fault

VERSIONS = (
    *("ETag", "etag", "generation", "md5Hash", "content_md5"),
    *("LastModified", "last_modified", "mtime", "modified", "created"),
)
"""What implementations call the version of a file, in the order in which it is believed."""


class FsspecTransport:
    """One filesystem of a protocol. Coroutines where it has them, else its plain calls in threads."""

    def __init__(self, scheme: str) -> None:
        import fsspec

        self._fs: Any = fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False)

    async def stat(self, path: str) -> RemoteStat:
        told = await self._call("info", path)
        if told.get("type") == "directory":
            raise error_fault(FileNotFoundError())
        return _stat(told)

    async def get(self, path: str, start: int, stop: int, version: str) -> Got:
        return Got(await self._call("cat_file", path, start=start, end=stop))

    async def page(self, folder: str, token: str) -> tuple[Sequence[RemoteEntry], str]:
        found = await self._call("find", folder, detail=True)
        root = self._fs._strip_protocol(folder).strip("/")
        entries = [_entry(name.strip("/"), root, told) for name, told in found.items()]
        return sorted((entry for entry in entries if entry is not None), key=lambda entry: entry.path.encode()), ""

    async def put(self, path: str, data: bytes) -> None:
        await self._call("pipe_file", path, data)

    async def put_file(self, path: str, local: Path, again: Again) -> None:
        await again(lambda: self._call("put_file", str(local), path), local.stat().st_size)

    async def remove(self, path: str) -> None:
        await self._call("rm_file", path)

    async def _call(self, method: str, *given: Any, **named: Any) -> Any:
        try:
            if self._fs.async_impl:
                return await getattr(self._fs, f"_{method}")(*given, **named)
            return await asyncio.to_thread(getattr(self._fs, method), *given, **named)
        except Exception as error:  # noqa: BLE001 - each library has its own
            raise _fault(error) from None


def _entry(name: str, root: str, told: dict[str, Any]) -> RemoteEntry | None:
    if told.get("type") == "directory" or not name.startswith(f"{root}/"):
        return None
    found = _stat(told)
    return RemoteEntry(name[len(root) + 1 :], found.size, found.version)


def _stat(told: dict[str, Any]) -> RemoteStat:
    size = told.get("size")
    if not isinstance(size, int) or size < 0:
        raise RequestFault(REFUSED, "the storage does not tell its size")
    return RemoteStat(size, next((str(told[name]) for name in VERSIONS if told.get(name)), ""))


def _fault(error: Exception) -> RequestFault:
    status = next((value for name in ("status", "code", "status_code") if (value := getattr(error, name, None))), None)
    if isinstance(error, RequestFault):
        return error
    return status_fault(int(status)) if isinstance(status, int) and 400 <= status < 600 else error_fault(error)
