"""Image files in rows of one length: fixed strings, whose trailing zeros NumPy drops, and rows padded with zeros.

An `S` type is filled up with zeros (HDF5 File Format Specification 3.0, section IV.A.2.d, "null pad"), so a file that
ends with a zero byte cannot be told from one that was filled up. h5py and NumPy strip all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..display_range import evenly
from ..records import Finding
from .facts import Facts
from .rows import Rows

PROBE = 64
_ENDS = (b"IEND\xaeB`\x82", b"\xff\xd9")
"""How PNG and JPEG files end."""


def string_bytes(rows: Rows, index: int) -> bytes:
    """The bytes of one fixed string: without the zeros behind it where a PNG or JPEG ends before them, else with all
    of them, for other image files may end with zeros."""
    whole = rows.whole(index).tobytes()
    cut = whole.rstrip(b"\x00")
    return cut if cut.endswith(_ENDS) else whole


def lengths_of(facts: Facts, looked: Sequence[Facts], words: frozenset[str]) -> Rows | None:
    """The lengths of padded rows: a column of as many whole numbers beside them that is called so."""
    if len(facts.shape) != 2 or facts.dtype.kind not in "ui":
        return None
    for other in looked:
        fits = other.shape == facts.shape[:1] and other.dtype.kind in "iu" and other.group == facts.group
        if not fits or words.isdisjoint(other.leaf.lower().split("_")):
            continue
        rows = Rows(other)
        places = evenly(other.shape[0], PROBE)
        if all(0 < int(rows[place]) <= facts.shape[1] for place in places):
            return rows
    return None


def findings(facts: Facts, lengths: Rows | None) -> list[Finding]:
    """What is to be known of rows of one length. Looks at some of them."""
    rows, places = Rows(facts), evenly(facts.shape[0], PROBE)
    try:
        tails = [_zeros_behind(rows, place) for place in places]
    except ValueError:
        return []
    found = sum(map(bool, tails))
    if not found:
        return []
    seen = f"/{facts.name}: {found} of the {len(places)} that were looked at"
    if facts.dtype.kind == "S":
        meaning = (
            f"the image files are fixed-length strings ({facts.dtype.str[1:]}): whoever reads them with NumPy or h5py "
            "loses all zeros at their end, those that belong to a file as well"
        )
        remedy = "store bytes as variable-length uint8 (h5py.vlen_dtype) or opaque (numpy.void), never as S"
        return [Finding("zeros-stripped", found, seen, meaning, remedy)]
    told = "nothing tells their lengths" if lengths is None else f"/{lengths.facts.name} has their lengths"
    meaning = "the rows are image files, filled up with zeros to one length: a whole row has a false tail"
    return [Finding("padded-rows", found, f"{seen}; {told}", meaning, "cut each row to its length when reading")]


def _zeros_behind(rows: Rows, place: int) -> int:
    whole = np.asarray(rows.whole(place)).tobytes()
    return len(whole) - len(whole.rstrip(b"\x00"))
