"""Pickles of plain data. Nothing in them runs: what is more than plain data is refused by name (`core.pickles`)."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator
from typing import Any

from ... import pickles
from ...base import checksums
from ...base.errors import InputError
from ...pickles.plain import MAX_OBJECTS
from .content import Content
from .objects import of_object

PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
"""How pickles of the protocols 2 to 5 begin."""

_OLD = (b"(", b"]", b"}", b"c", b"l", b"d")
"""How those of protocols 0 and 1 begin that hold something; so does much else."""


class ImageClasses(Collection[str]):
    """The classes whose instances are read as their attributes: any whose name sounds like a sample's.

    The class itself is never looked up, so a name can do no harm; others stay refused, which names them to the reader.
    """

    _SOUNDS = re.compile(
        r"\w*(?i:image|img|cifar|sample|datum|record|entry)\w*"
        r"|[A-Z]\w*(?i:patch|tile|frame|photo|picture|example|observation|annotation|item)\w*"
    )

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._SOUNDS.fullmatch(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(("CIFAR_Image",))

    def __len__(self) -> int:
        return 1


class _Refusals:
    """What was refused in this process, so that a pickle that takes long to be refused does so once; and when all of
    them have taken `patience` seconds together, only small ones are looked at."""

    patience = 1.5
    small = 20_000
    most = 4_096

    def __init__(self) -> None:
        self._seconds = 0.0
        self._sentences: dict[tuple[int, int], str] = {}

    def load(self, value: bytes) -> Any:
        name = (len(value), checksums.of_bytes(value))
        if name in self._sentences:
            raise pickles.UnsafePickle(self._sentences[name])
        began = time.thread_time()
        most = self.small if self._seconds > self.patience else MAX_OBJECTS
        try:
            return pickles.loads(value, records=ImageClasses(), most=most)
        except InputError as error:
            self._seconds += time.thread_time() - began
            if len(self._sentences) < self.most:
                self._sentences[name] = str(error)
            raise


_refusals = _Refusals()


def load(value: bytes) -> Any:
    """A pickle as plain data. Raises InputError naming what it asks for beyond that, the limit that it exceeds, or that
    it is broken."""
    return _refusals.load(value)


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
