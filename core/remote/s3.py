"""S3 and what speaks its language, through s3fs: credentials, region and endpoint are found as boto finds them.

Requests are made on s3fs's own client rather than through its files: an answer then tells the version of what it is a
part of, one that should be an older one is refused by the server (If-Match), and nothing is repeated unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .settings import RemoteSettings
from .transport import (
    BROKEN,
    MISSING,
    REFUSED,
    Again,
    Got,
    RemoteEntry,
    RemoteStat,
    RequestFault,
    error_fault,
    status_fault,
)

PAGE = 1_000
"""Objects of one page, S3's limit."""

PUT_PART = 16 << 20
"""Bytes of one part of an upload; S3 wants 5 MiB or more, and at most `MOST_PARTS`."""

MOST_PARTS = 10_000

CONNECTIONS = 64


class S3Transport:
    """One client of this process for all buckets."""

    def __init__(self, settings: RemoteSettings) -> None:
        import fsspec

        limits = {
            "connect_timeout": min(settings.timeout_s, 10),
            "read_timeout": settings.timeout_s,
            "max_pool_connections": CONNECTIONS,
            "retries": {"total_max_attempts": 1},
        }
        self._fs: Any = fsspec.filesystem("s3", config_kwargs=limits, skip_instance_cache=True)

    async def stat(self, path: str) -> RemoteStat:
        bucket, key = _split(path)
        told = await self._call("head_object", Bucket=bucket, Key=key)
        return RemoteStat(int(told["ContentLength"]), _version(told))

    async def get(self, path: str, start: int, stop: int, version: str) -> Got:
        bucket, key = _split(path)
        match = {"IfMatch": version} if version else {}
        told = await self._call("get_object", Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}", **match)
        body = told["Body"]
        try:
            data = await _body(body, stop - start)
        except Exception as error:  # noqa: BLE001 - aiohttp's and botocore's
            raise _fault(error) from None
        finally:
            body.close()
        whole = str(told.get("ContentRange", "")).rpartition("/")[2]
        return Got(data, int(whole) if whole.isdecimal() else -1, _version(told))

    async def page(self, folder: str, token: str) -> tuple[Sequence[RemoteEntry], str]:
        bucket, key = _split(folder)
        prefix = f"{key.rstrip('/')}/" if key else ""
        more = {"ContinuationToken": token} if token else {}
        told = await self._call("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=PAGE, **more)
        entries = [
            RemoteEntry(found["Key"][len(prefix) :], int(found["Size"]), _version(found))
            for found in told.get("Contents", [])
            if str(found["Key"]).startswith(prefix) and not str(found["Key"]).endswith("/")
        ]
        return entries, str(told.get("NextContinuationToken", "")) if told.get("IsTruncated") else ""

    async def put(self, path: str, data: bytes) -> None:
        bucket, key = _split(path)
        await self._call("put_object", Bucket=bucket, Key=key, Body=data)

    async def put_file(self, path: str, local: Path, again: Again) -> None:
        size = local.stat().st_size
        part = max(PUT_PART, -(-size // MOST_PARTS))
        if size <= part:
            data = await asyncio.to_thread(local.read_bytes)
            await again(lambda: self.put(path, data), len(data))
            return
        bucket, key = _split(path)
        begun = await again(lambda: self._call("create_multipart_upload", Bucket=bucket, Key=key))
        upload = {"Bucket": bucket, "Key": key, "UploadId": begun["UploadId"]}
        try:
            sent = [self._send(upload, local, number, part, again) for number in range(-(-size // part))]
            parts = {"Parts": await asyncio.gather(*sent)}
            await again(lambda: self._call("complete_multipart_upload", **upload, MultipartUpload=parts))
        except BaseException:
            # What was sent is paid for until it is given up.
            await again(lambda: self._call("abort_multipart_upload", **upload))
            raise

    async def remove(self, path: str) -> None:
        bucket, key = _split(path)
        await self._call("delete_object", Bucket=bucket, Key=key)

    async def _send(self, upload: dict[str, Any], local: Path, number: int, part: int, again: Again) -> dict[str, Any]:
        """One part; read when its turn has come, so that no more are held than are under way."""

        async def request() -> Any:
            data = await asyncio.to_thread(_piece, local, number * part, part)
            return await self._call("upload_part", **upload, PartNumber=number + 1, Body=data)

        told = await again(request, part)
        return {"PartNumber": number + 1, "ETag": told["ETag"]}

    async def _call(self, method: str, **given: Any) -> Any:
        try:
            await self._fs.set_session()
            client = await self._fs.get_s3(given["Bucket"])
            return await getattr(client, method)(**self._fs.req_kw, **given)
        except Exception as error:  # noqa: BLE001 - aiohttp's and botocore's
            raise _fault(error) from None


async def _body(body: Any, length: int) -> bytes:
    """At most `length` bytes, however much a server sends."""
    parts, left = [], length
    while left > 0 and (part := await body.read(left)):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _piece(local: Path, start: int, length: int) -> bytes:
    with local.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    return bucket, key


def _version(told: dict[str, Any]) -> str:
    return str(told.get("ETag") or told.get("LastModified") or "")


def _fault(error: Exception) -> RequestFault:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    if isinstance(error, RequestFault):
        return error
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in ("SlowDown", "InternalError", "RequestTimeout", "Throttling"):
            status = max(int(status), 500)
        return (
            RequestFault(MISSING, "there is no such bucket")
            if code == "NoSuchBucket"
            else status_fault(int(status), code)
        )
    if isinstance(error, NoCredentialsError):
        return RequestFault(REFUSED, "no credentials were found (environment, ~/.aws, or the machine's role)")
    if isinstance(error, BotoCoreError) and type(error).__module__ == "botocore.exceptions":
        kinds = ("Connect", "Connection", "Endpoint", "Http", "HTTP", "Read", "Response", "Incomplete", "Proxy", "SSL")
        again = type(error).__name__.startswith(kinds)
        return RequestFault(BROKEN if again else REFUSED, type(error).__name__)
    return error_fault(error)
