"""Pickles of plain data. Nothing in them runs: what is more than plain data is refused by name (`core.pickles`)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from core import pickles
from core.errors import InputError
from core.inspect.contents.content import Content
from core.inspect.contents.objects import of_object

PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
"""How pickles of the protocols 2 to 5 begin."""

_OLD = (b"(", b"]", b"}", b"c", b"l", b"d")
"""How those of protocols 0 and 1 begin that hold something; so does much else."""


class ImageClasses(Collection[str]):
    """The classes whose instances are read as their attributes: any whose name sounds like a sample's.

    The class itself is never looked up, so a name can do no harm; others stay refused, which names them to the reader.
    """

    _SOUNDS = re.compile(r"(?i)\w*(image|img|cifar|sample|datum|record|entry)\w*")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._SOUNDS.fullmatch(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(("CIFAR_Image",))

    def __len__(self) -> int:
        return 1


def load(value: bytes) -> Any:
    """A pickle as plain data. Raises InputError naming what it asks for beyond that; ValueError for broken ones."""
    return pickles.loads(value, records=ImageClasses())


def read(value: bytes) -> Content | None:
    if not value.endswith(b"."):
        return None
    if value.startswith(PICKLES):
        return of_object("pickled", load(value), value)
    if value.startswith(_OLD):
        try:
            return of_object("pickled", load(value), value)
        except (ValueError, InputError):
            return None
    return None
