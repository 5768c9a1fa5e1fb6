"""Whether a file is a beton, told from its bytes."""

from __future__ import annotations

from ..candidate import UnidentifiedFile
from .layout import FIELD, HEADER, count_of_fields, fields_begin


def is_beton(candidate: UnidentifiedFile) -> bool:
    """Version 2, a page whose size is a power of two, and a field of a known type with a name behind the header."""
    count = count_of_fields(candidate.head)
    return count is not None and HEADER.size + FIELD * count <= candidate.size and fields_begin(candidate.head)
