"""Whether a zip archive is NumPy's: by the name of its first member."""

from __future__ import annotations

from ..candidate import UnidentifiedFile


def is_npz(candidate: UnidentifiedFile) -> bool:
    """The local header at the beginning: signature, and at byte 26 the length of the name, which follows at 30."""
    head = candidate.head
    length = int.from_bytes(head[26:28], "little")
    return head.startswith(b"PK\x03\x04") and head[30 : 30 + length].endswith(b".npy")
