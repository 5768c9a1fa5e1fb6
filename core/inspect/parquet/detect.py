"""Whether a file is a Parquet file, told from its bytes."""

from __future__ import annotations

from ..candidate import UnidentifiedFile

MAGIC, ENCRYPTED = b"PAR1", b"PARE"


def has_signature(candidate: UnidentifiedFile) -> bool:
    """It begins with PAR1, or with PARE where its footer is encrypted."""
    return candidate.head[:4] in (MAGIC, ENCRYPTED)
