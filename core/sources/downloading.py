"""Downloading one file: with progress, going on where it broke off, and not believed before its checksum is right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import InputError, WorkError
from ..base.events import Event, Message, Progress
from ..base.staging import claim

MAX_BYTES = 16 << 30
CHUNK = 1 << 18
TIMEOUT = (15, 60)
"""Seconds to connect, and between two packets."""


def download(url: str, target: Path, md5: str, remedy: str) -> Iterator[Event]:
    """Fetch `url` into the file `target`, unless it is there already.

    What has arrived stays beside it as `.part`, and the next try goes on from there. `md5` is the file's checksum
    (hexadecimal digits); where it is empty nothing is checked, nothing is resumed, and a warning says so. `remedy`
    ends the sentence of a failure: what else can be done.

    Raises:
        InputError: the address is none, or another process is downloading the same file.
        WorkError: no connection, or not the file that it should be.
    """
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{url!r} is not an address to download from: it must begin with https:// or http://")
    with claim(target.parent / ".downloading", target.name, "download"):
        if target.exists() and (not md5 or _md5(target) == md5):
            yield Message(f"{target.name} is there already, downloaded before")
            return
        part = target.with_name(target.name + ".part")
        if not md5:
            yield Message(f"no checksum is known for {url}: what arrives is taken as it is", "warning")
            part.unlink(missing_ok=True)
        yield from _fetch(url, part, remedy)
        _check(part, url, md5, remedy)
        part.replace(target)


def _fetch(url: str, part: Path, remedy: str) -> Iterator[Event]:
    """Bring `part` to its full length, from where it ends."""
    import requests
    from urllib3.exceptions import HTTPError

    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                return  # all of it is here, or what is here is not of this file: the checksum will tell
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                done = 0
            length = answer.headers.get("Content-Length", "")
            total = done + int(length) if length.isdecimal() else None
            with part.open("ab" if done else "wb") as file:
                while chunk := answer.raw.read(CHUNK, decode_content=False):
                    file.write(chunk)
                    done += len(chunk)
                    if done > MAX_BYTES:
                        raise WorkError(f"{url} sends more than {MAX_BYTES >> 30} GiB; {remedy}")
                    yield Progress("downloading", done, total, "bytes")
    except requests.RequestException as error:
        raise WorkError(f"cannot download {url} ({_reason(error)}); {remedy}") from error
    except HTTPError as error:  # urllib3's own, from the middle of the file
        broke_off = f"the download of {url} broke off after {done:,} bytes ({_reason(error)})"
        raise WorkError(f"{broke_off}; try again to go on from there, or {remedy}") from error


def _check(part: Path, url: str, md5: str, remedy: str) -> None:
    if md5 and (found := _md5(part)) != md5:
        part.unlink()
        raise WorkError(f"what arrived from {url} has MD5 {found} instead of {md5}, so it was removed; {remedy}")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _reason(error: Exception) -> str:
    """What went wrong, in few words and without the objects that libraries put around it."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server says {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "the server does not answer"
    if isinstance(error, requests.ConnectionError):
        return "no connection to the server"
    return type(error).__name__
