"""Names that are safe as folders and files on every system, made from names that need not be.

A name that is safe stays as it is. In any other, what is not allowed becomes "_", it is cut to `LONGEST` bytes of
UTF-8, and "~" with eight hexadecimal digits of the true name's XXH3 follows, so that two names never become one.
Not allowed are: control characters, the characters <>:"/\\|?*, bytes that are not UTF-8, a "." or blank at either
end, and Windows' reserved names (CON, NUL, COM1, ...), which get a "_" in front. The true name is kept in the
dataset's index.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

import xxhash

LONGEST = 120
"""Bytes of UTF-8, without the ending: file systems allow 255."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(name: str, ending: str = "") -> str:
    """`name`, without its ending, as a folder's or file's name; `ending` follows it with its dot."""
    clean = _UNSAFE.sub("_", name).strip(" .")
    clean = clean.encode()[:LONGEST].decode(errors="ignore").rstrip(" .")
    clean_ending = _UNSAFE.sub("_", ending)[:16]
    if clean == name and clean and not _RESERVED.fullmatch(clean) and clean_ending == ending:
        return name + ending
    reserved = "_" if _RESERVED.fullmatch(clean) else ""
    return f"{reserved}{clean}~{digest(name + ending)}{clean_ending}"


def folders(classes: Iterable[str]) -> dict[str, str]:
    """A folder's name for each class, all different even where the file system does not tell cases apart."""
    named: dict[str, str] = {}
    taken: set[str] = set()
    for name in classes:
        folder = safe_name(name)
        if folder.casefold() in taken:
            folder = f"{folder}~{digest(name)}"
        taken.add(folder.casefold())
        named[name] = folder
    return named


def digest(name: str) -> str:
    """Eight hexadecimal digits of a name's XXH3."""
    return xxhash.xxh3_64_hexdigest(name.encode("utf-8", "surrogatepass"))[:8]


def readable(name: str | os.PathLike[str]) -> str:
    """A path or file name as proper text: bytes that are not UTF-8 are spelled out (\\xe9)."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def from_readable(text: str) -> str:
    """The path that `readable` wrote so: spelled-out bytes become those of the name again, unless there is a file that
    is really called like that."""
    if "\\x" not in text or os.path.lexists(text):
        return text
    spelled = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), os.fsencode(text))
    return os.fsdecode(spelled)
