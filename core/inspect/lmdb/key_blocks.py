"""The keys of an LMDB's entries as they are shown, many at once (`inspect.key_index`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..key_index import LARGEST, KeyBlock, KeyIndex, block_of
from .keys import HEXADECIMAL

if TYPE_CHECKING:
    from .file import LmdbView

ENTRIES = 16_384
"""Entries of a block."""

_FIRST, _LAST = 0x20, 0x7E
"""The characters of ASCII that are printed."""


def key_index(view: LmdbView) -> KeyIndex:
    """The keys of all entries, in the order of the file."""

    def shown(position: int) -> str:
        try:
            text, place = view.keys.text(view.key_at(position)), view.tree.duplicate(position)
        except (ValueError, IndexError):
            return ""
        return text if place is None else f"{text}[{place}]"

    def made(start: int, stop: int) -> KeyBlock | None:
        found = view.tree.keys_between(start, stop, LARGEST)
        if found is None:
            return block_of(map(shown, range(start, stop)))
        data, ends = found
        begins = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        letters = np.frombuffer(data, np.uint8)
        if view.keys.order is None and bool(((letters >= _FIRST) & (letters <= _LAST)).all()):
            block = KeyBlock(data, ends)
            if not len(block.search(HEXADECIMAL.encode(), "prefix")):
                return block
        pairs = zip(begins.tolist(), ends.tolist(), strict=True)
        return block_of(view.keys.text(data[begin:end]) if end > begin else "" for begin, end in pairs)

    return KeyIndex(len(view), made, shown, ENTRIES)
