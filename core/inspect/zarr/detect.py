"""Whether a zip archive is a Zarr store: by the names of its first members."""

from __future__ import annotations

from ..candidate import UnidentifiedFile

MEMBERS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
_LOOKED_AT = 64


def is_zipped_store(candidate: UnidentifiedFile) -> bool:
    """Whether one of the first members, as far as they follow each other, describes a node or is a chunk beside one.

    A local header has at byte 18 the bytes of the member, at 26 and 28 the lengths of its name and of what follows.
    """
    place = 0
    for _ in range(_LOOKED_AT):
        head = candidate.at(place, 30)
        if not head.startswith(b"PK\x03\x04"):
            return False
        stored = int.from_bytes(head[18:22], "little")
        name, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        called = candidate.at(place + 30, name).decode("utf-8", "replace")
        if called.rpartition("/")[2] in MEMBERS:
            return True
        place += 30 + name + extra + stored
    return False
