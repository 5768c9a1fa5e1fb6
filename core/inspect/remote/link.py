"""The reader's side: bytes of objects at addresses, asked of the caller through the pipe that answers go through.

A question is a message of `wire` ({BYTES: [name, ranges]} or {STATUS: name}), and so is its answer. While a
reader works on a request its caller waits for the answer, so nothing else is on its way in either direction. The
descriptors are used directly: a question may be asked in the middle of any instruction (`memory`).
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ...base.errors import InputError
from .. import wire
from .memory import FetchedMap, available

BYTES, STATUS = "bytes of an object", "status of an object"
"""The questions, by the name of their only field; no answer to a request has one of these."""

NOT_AVAILABLE = "reading at an address by ranges needs a 64-bit Linux: download the file, and inspect it here"


class LinkedAccess:
    """See `location.RemoteAccess`. `objects`: name -> (size, version) of those that are known at the beginning;
    `folders`: name -> the names of all objects in it, where that is known."""

    def __init__(
        self,
        requests: int,
        answers: int,
        objects: Mapping[str, tuple[int, str]],
        folders: Mapping[str, Sequence[str]],
    ) -> None:
        self._pipe = _Pipe(requests, answers)
        self._known: dict[str, tuple[int, str] | None] = dict(objects)
        self._maps: dict[str, FetchedMap] = {}
        self._folders = folders

    def status(self, name: str) -> tuple[int, str]:
        folder, _, last = name.rpartition("/")
        if folder in self._known or last not in self._folders.get(folder, [last]):
            raise FileNotFoundError(f"{name} is not there")
        if name not in self._known:
            told, _ = self._asked({STATUS: name})
            self._known[name] = None if told.get("size") is None else (int(told["size"]), str(told["version"]))
        found = self._known[name]
        if found is None:
            raise FileNotFoundError(f"{name} is not there")
        return found

    def since(self, name: str) -> float:
        return 0.0

    def read(self, name: str, start: int, stop: int) -> bytes:
        return bytes(memoryview(self.mapped(name))[start:stop])

    def mapped(self, name: str) -> mmap.mmap:
        """Raises InputError where this system has no such maps, or the object is empty or too large."""
        if not available():
            raise InputError(NOT_AVAILABLE)
        if name not in self._maps:
            size, _ = self.status(name)
            self._maps[name] = FetchedMap(size, partial(self._fetched, name))
        return self._maps[name]

    def names(self, folder: str) -> Sequence[str] | None:
        return self._folders.get(folder)

    def _fetched(self, name: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        _, blobs = self._asked({BYTES: [name, [list(one) for one in ranges]]})
        return blobs

    def _asked(self, question: dict[str, Any]) -> wire.Message:
        wire.send(self._pipe, question)  # type: ignore[arg-type]
        message = wire.receive(self._pipe)  # type: ignore[arg-type]
        if message is None:
            os._exit(0)  # the caller is gone
        return message


class _Pipe:
    """As much of a file as `wire` needs, without a buffer, in both directions."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = requests
        self._answers = answers

    def read(self, size: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            piece = os.read(self._requests, min(size - len(pieces), 1 << 20))
            if not piece:
                break
            pieces += piece
        return bytes(pieces)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._answers, data) :]

    def flush(self) -> None:
        """Nothing is held back."""
