"""The members of a zip archive as places in a map of it: nothing is unpacked.

Source: APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end) and
4.3.14 (its end in zip64). All numbers are little-endian. Every place is checked against the file before it is followed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

STORED, DEFLATED = 0, 8
METHODS = {12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 9: "deflate64", 99: "AES encryption"}

MOST_MEMBERS = 1 << 20
MOST_DIRECTORY = 1 << 28
"""Bytes of a central directory that is walked."""

_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_LONGEST_COMMENT = 0xFFFF
_ENCRYPTED = 1
_WIDE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ZipMember:
    """name: as the archive writes it; method: of compression (`STORED`, `DEFLATED`, others in `METHODS`); start: where
    its bytes begin in the archive, `stored` of them, `size` behind the compression, as the directory says."""

    name: str
    method: int
    start: int
    stored: int
    size: int


def members(memory: memoryview) -> Iterator[ZipMember | str]:
    """The members in the order of the directory; a sentence in the place of one that cannot be read.

    Raises ValueError where there is no directory.
    """
    count, start, size = _directory(memory)
    if count > MOST_MEMBERS or size > MOST_DIRECTORY:
        raise ValueError(f"the archive has {count:,} members; {MOST_MEMBERS:,} at most are read here")
    place, end = start, start + size
    for number in range(count):
        if place + _ENTRY.size > end:
            yield f"the directory of the archive ends after {number:,} of {count:,} members"
            return
        entry = _ENTRY.unpack_from(memory, place)
        names = place + _ENTRY.size
        place = names + entry[10] + entry[11] + entry[12]
        if entry[0] != b"PK\x01\x02" or place > end:
            yield f"the directory of the archive is damaged at its member {number:,}"
            return
        name = bytes(memory[names : names + entry[10]]).decode("utf-8", "backslashreplace")
        if name.endswith("/"):
            continue
        extra = memory[names + entry[10] : names + entry[10] + entry[11]]
        yield _member(memory, name, entry, extra)


def _member(memory: memoryview, name: str, entry: tuple[int, ...], extra: memoryview) -> ZipMember | str:
    flags, method, stored, size, local = entry[3], entry[4], entry[8], entry[9], entry[16]
    if _WIDE in (stored, size, local):
        size, stored, local = _widened(extra, size, stored, local)
    if flags & _ENCRYPTED:
        return f"{name} is encrypted"
    if local + _LOCAL.size > len(memory) or bytes(memory[local : local + 4]) != b"PK\x03\x04":
        return f"{name} is not where the directory says"
    header = _LOCAL.unpack_from(memory, local)
    start = local + _LOCAL.size + header[9] + header[10]
    if start + stored > len(memory):
        return f"{name} is cut short: the archive ends before it does"
    if method == STORED and stored != size:
        return f"{name} has two sizes, {stored:,} and {size:,} bytes"
    return ZipMember(name, method, start, stored, size)


def _widened(extra: memoryview, size: int, stored: int, local: int) -> tuple[int, int, int]:
    """Those of the numbers that are too large for 32 bits, from the zip64 field; as they are where it is missing."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            wide = iter(struct.unpack_from(f"<{min(length, len(extra) - place - 4) // 8}Q", extra, place + 4))
            told = [next(wide, number) if number == _WIDE else number for number in (size, stored, local)]
            return told[0], told[1], told[2]
        place += 4 + length
    return size, stored, local


def _directory(memory: memoryview) -> tuple[int, int, int]:
    """(members, where their directory begins, its bytes)."""
    tail_start = max(len(memory) - _END.size - _LONGEST_COMMENT, 0)
    tail = bytes(memory[tail_start:])
    at = tail.rfind(b"PK\x05\x06", 0, len(tail) - _END.size + 4)
    if at < 0:
        raise ValueError("the archive has no directory at its end: it is cut short, or no zip archive")
    _, _, _, _, count, size, start, _ = _END.unpack_from(tail, at)
    locator = tail_start + at - _LOCATOR_64.size
    if (
        (count == 0xFFFF or _WIDE in (size, start))
        and locator >= 0
        and bytes(memory[locator : locator + 4]) == b"PK\x06\x07"
    ):
        place = _LOCATOR_64.unpack_from(memory, locator)[2]
        if place + _END_64.size > len(memory) or bytes(memory[place : place + 4]) != b"PK\x06\x06":
            raise ValueError("the archive's directory (zip64) is not where it is said to be")
        *_, count, size, start = _END_64.unpack_from(memory, place)
    if start + size > len(memory):
        raise ValueError("the archive's directory lies outside of it")
    return count, start, size
