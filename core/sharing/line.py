"""The line between the command `share` and the server that it started: JSON objects, one a line, in both directions.

It is a pair of connected sockets that the server inherits: nobody else can open it, no secret stands in an environment
or a command, and when the command's end is gone, however it died, the server ends as well.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ..base.files import Unreadable, parse_object
from ..base.strict_json import dumps

VARIABLE = "FORMAT_MATTERS_SHARE"
"""The number of the descriptor that the server inherits. That it is set at all means: not everybody is host."""

MOST = 1 << 16
"""Bytes of one message."""


class ShareLine:
    """One end. Sending is safe from several threads."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._kept = b""

    @classmethod
    def inherited(cls, number: int) -> ShareLine:
        """The server's end, which no child of its own inherits. Raises OSError where there is none."""
        end = socket.socket(fileno=number)
        os.set_inheritable(end.fileno(), False)
        return cls(end)

    def fileno(self) -> int:
        """For `select`."""
        return self._end.fileno()

    def send(self, message: Mapping[str, Any]) -> None:
        """Nothing, where the other end is gone."""
        with self._lock:
            try:
                self._end.sendall(dumps(message).encode() + b"\n")
            except OSError:
                return

    def received(self) -> list[dict[str, Any]] | None:
        """What has come, which may be half a message and then is nothing yet; it waits for something. None where the
        other end is gone."""
        try:
            added = self._end.recv(MOST)
        except OSError:
            return None
        if not added:
            return None
        *lines, self._kept = (self._kept + added).split(b"\n")
        found = []
        for line in lines:
            with suppress(Unreadable):
                found.append(parse_object(line))
        return found

    def listen(self, heard: Callable[[Mapping[str, Any]], None], gone: Callable[[], None]) -> None:
        """Have a thread hand over what comes, and say when the other end is gone."""

        def run() -> None:
            while (messages := self.received()) is not None:
                for message in messages:
                    heard(message)
            gone()

        threading.Thread(target=run, name="share line", daemon=True).start()

    def close(self) -> None:
        """Safe to call twice."""
        self._end.close()
