"""Small files of ours, read whole or refused in a sentence, written whole or not at all.

What lies in a home may have been written by another version, cut short by a full disk, or put there by somebody else:
a folder, a link, a pipe, something huge. None of that may end a page or hold it up.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import uuid
from pathlib import Path
from typing import Any, BinaryIO

from .errors import InputError

MOST_BYTES = 64_000_000
"""Of a file that is read whole."""


class Unreadable(InputError):
    """Something of a home's that cannot be read. The text says why and does not name it: "it is not UTF-8 text"."""


def open_plain(path: Path) -> BinaryIO:
    """A regular file, to be read; a pipe or a device is never waited for. Raises OSError, and Unreadable for others."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise Unreadable("it is a folder" if stat.S_ISDIR(mode) else "it is no regular file")


def read_whole(path: Path, most: int = MOST_BYTES) -> bytes:
    """What a file holds. Raises Unreadable where there is none, or it is no file, or has more than `most` bytes."""
    try:
        with open_plain(path) as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise Unreadable("it is a link that leads nowhere" if path.is_symlink() else "it is not there") from None
    except OSError as error:
        raise Unreadable(f"it cannot be opened: {error.strerror or error}") from None
    if len(data) > most:
        raise Unreadable(f"it is larger than {most / 1e6:g} MB")
    return data


def read_object(path: Path, most: int = MOST_BYTES) -> dict[str, Any]:
    """The JSON object in a file. Raises Unreadable where it holds none."""
    return parse_object(read_whole(path, most))


def parse_object(data: bytes | str) -> dict[str, Any]:
    """See `read_object`. NaN and Infinity, which JSON does not have, become None."""
    if not data.strip():
        raise Unreadable("it is empty")
    try:
        told = json.loads(data if isinstance(data, str) else data.decode("utf-8"), parse_constant=_none)
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON ({str(error)[:80]})") from None
    if not isinstance(told, dict):
        raise Unreadable("it holds no JSON object")
    return told


def write_whole(path: Path, data: bytes) -> None:
    """Written beside its place and renamed: no reader meets half of it, and nothing is left where the disk refuses.

    Raises OSError.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # threads may write the same file at once
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def write_output(path: Path, data: bytes) -> None:
    """To a path that somebody gave: through a link, and into a device or pipe as it is; else as `write_whole` does.

    Raises OSError.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as file:  # a folder is refused here
            file.write(data)
    else:
        write_whole(target, data)


def remove(path: Path) -> None:
    """A file or a folder with all that is in it; of a link only the link. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing where it cannot be listed."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def stamp(path: Path) -> tuple[int, int]:
    """Another one as soon as a file is written to, replaced or gone: when (ns) and its size in bytes."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _none(_constant: str) -> None:
    return None
