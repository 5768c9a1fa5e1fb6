"""What walks through foreign files have noted, kept in the home and never beside the files.

`data/.inspector/indexes/<digest>.index`: 8 bytes of magic, the length of the header (uint32, little-endian), the header
(JSON: kind, version, stamp, complete, checksum, arrays as [name, dtype, shape, offset]), zeros up to a multiple of 64,
and the arrays, each at a multiple of 64 from there. The stamp tells the files' paths, sizes, times of change and
inodes, so that a file that was written to since is walked anew. The checksum is XXH3-64 of the arrays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base import checksums
from ..base.files import write_whole
from ..base.home import Home
from ..base.strict_json import dumps
from .kinds import KINDS, IdentifiedFile

MAGIC = b"FMINDEX1"
ALIGNED = 64
MOST_HEADER = 1 << 24
MOST_BYTES = 2 << 30
"""Bytes of all kept indexes together; those that were used longest ago go first."""

Arrays = Mapping[str, np.ndarray[Any, Any]]


def place(home: Home) -> Path:
    """The folder that they are kept in."""
    return home.root / "data" / ".inspector" / "indexes"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What an index is for, beside walking through the file: its `name`, its `version`, and what its stamp tells too
    (`beside`: of other files that it depends on)."""

    name: str
    version: int
    beside: str = ""


def kept(home: Home, found: IdentifiedFile, purpose: Purpose | None = None) -> Path | None:
    """The index that was kept of just these files as they are now; None where there is none."""
    path = _path(home, found, purpose)
    try:
        with path.open("rb") as file:
            header = _header(file.read(12), file.read)
        if header["stamp"] != _whole_stamp(found, purpose) or header["version"] != _version(found, purpose):
            return None
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return path


def keep(home: Home, found: IdentifiedFile, arrays: Arrays, complete: bool, purpose: Purpose | None = None) -> None:
    """Keep what a walk has noted, and forget the oldest where there is too much. Raises OSError."""
    made = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    body, told = bytearray(), []
    for name, array in made.items():
        told.append([name, array.dtype.str, list(array.shape), len(body)])
        body += array.tobytes()
        body += bytes(-len(body) % ALIGNED)
    header = {
        "kind": found.kind,
        "version": _version(found, purpose),
        "stamp": _whole_stamp(found, purpose),
        "complete": complete,
        "checksum": checksums.of_bytes(bytes(body)),
        "arrays": told,
    }
    text = dumps(header).encode()
    head = MAGIC + struct.pack("<I", len(text)) + text
    path = _path(home, found, purpose)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, head + bytes(-len(head) % ALIGNED) + bytes(body))
    _forget_the_oldest(path)


def read(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a kept index, as views of a map of it.

    Raises ValueError for what is none, was cut short or changed; OSError.
    """
    memory = np.memmap(path, np.uint8, "r")
    head = bytes(memory[:12])
    rest = iter([bytes(memory[12 : 12 + MOST_HEADER])])
    header = _header(head, lambda size: next(rest)[:size])
    start = 12 + int.from_bytes(head[8:12], "little")
    body = memory[start + -start % ALIGNED :]
    if checksums.of_bytes(body) != header["checksum"]:
        raise ValueError("its checksum is another one")
    return dict(_array(body, *told) for told in header["arrays"])


def stamp(found: IdentifiedFile) -> str:
    """Changes whenever one of the files does. Raises OSError."""
    told = []
    for path in found.files:
        status = path.stat()
        told.append([os.fsencode(path).hex(), status.st_size, status.st_mtime_ns, status.st_ino])
    return hashlib.sha256(dumps(told).encode()).hexdigest()


def _header(head: bytes, read: Any) -> dict[str, Any]:
    """Raises ValueError."""
    length = int.from_bytes(head[8:12], "little")
    if head[:8] != MAGIC or len(head) < 12 or length > MOST_HEADER:
        raise ValueError("it is no index of ours")
    header = json.loads(read(length))
    if not isinstance(header, dict) or not isinstance(header.get("arrays"), list):
        raise ValueError("its header is none of ours")
    return header


def _array(body: np.ndarray[Any, Any], name: str, dtype: str, shape: list[int], offset: int) -> Any:
    """Raises ValueError (or TypeError) where it does not lie in the body."""
    kind = np.dtype(dtype)
    count = 1
    for length in shape:
        count *= int(length)
    if kind.hasobject or min([offset, count, *shape]) < 0 or offset + count * kind.itemsize > len(body):
        raise ValueError(f"its array {name!r} lies outside")
    return name, body[offset : offset + count * kind.itemsize].view(kind).reshape(shape)


def _version(found: IdentifiedFile, purpose: Purpose | None) -> int:
    return KINDS[found.kind].index if purpose is None else purpose.version


def _whole_stamp(found: IdentifiedFile, purpose: Purpose | None) -> str:
    """Raises OSError."""
    return stamp(found) + (purpose.beside if purpose is not None else "")


def _path(home: Home, found: IdentifiedFile, purpose: Purpose | None) -> Path:
    named = "\0".join([found.kind, *(os.fsencode(path).hex() for path in found.files)])
    named += f"\0{purpose.name}" if purpose is not None else ""
    return place(home) / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.index"


def _forget_the_oldest(newest: Path) -> None:
    left = MOST_BYTES
    with contextlib.suppress(OSError):
        found = [(path.stat(), path) for path in newest.parent.glob("*.index") if path != newest]
        left -= newest.stat().st_size
        for status, path in sorted(found, key=lambda pair: pair[0].st_mtime_ns, reverse=True):
            left -= status.st_size
            if left < 0:
                path.unlink(missing_ok=True)
