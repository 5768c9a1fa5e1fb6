"""Which requests serve many ranges of one file: neighbours are read in one, large ones in several."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

Range = tuple[int, int]
"""(start, stop) in bytes."""


def coalesced(ranges: Sequence[Range], gap: int, most: int) -> list[Range]:
    """The parts to ask for, in order, so that every range lies in one of them, or in neighbours of one another.

    Ranges less than `gap` apart share a request, up to `most` bytes; a longer one is cut into requests of `most`.
    """
    joined: list[Range] = []
    for start, stop in sorted(one for one in ranges if one[1] > one[0]):
        if joined and start - joined[-1][1] <= gap and max(stop, joined[-1][1]) - joined[-1][0] <= max(most, gap):
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        elif joined and start < joined[-1][1]:
            if stop > joined[-1][1]:
                joined.append((joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return [(at, min(at + most, stop)) for start, stop in joined for at in range(start, stop, most)]


def cut(parts: Sequence[Range], data: Sequence[bytes], wanted: Range) -> bytes:
    """The bytes of one range out of the parts that were read (`coalesced`, in order)."""
    start, stop = wanted
    if stop <= start:
        return b""
    number = bisect_right(parts, start, key=lambda part: part[0]) - 1
    pieces = []
    while number < len(parts) and parts[number][0] < stop:
        begin, end = parts[number]
        whole = start <= begin and end <= stop
        pieces.append(data[number] if whole else data[number][max(start - begin, 0) : stop - begin])
        number += 1
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
