"""The caller's side of a reader process: start it, ask it, and turn its death into a sentence."""

from __future__ import annotations

import signal
import threading
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from core.errors import InputError
from core.inspect import wire
from core.inspect.kinds import Found
from core.inspect.started import take

TIMEOUT = 15.0
"""Seconds that one request may take: with what starts and ends around it, a command stays under 20."""

_LIBRARIES = {"hdf5": "the HDF5 library"}


class ReaderDied(InputError):
    """The reader process ended, or had to be ended, while it answered."""


class ReaderProcess:
    """One file, opened in a process of its own. Safe to use from several threads."""

    def __init__(self, found: Found, schema: str | None = None) -> None:
        self.found = found
        self._lock = threading.Lock()
        started = take()
        self._process, self._complaints = started.process, started.complaints
        self._finalizer = weakref.finalize(self, started.end)
        try:
            self.ask("open", kind=found.kind, path=str(found.path), schema=schema)
        except BaseException:
            self.close()
            raise

    def ask(self, request: str, *, timeout: float = TIMEOUT, **arguments: Any) -> wire.Message:
        """The answer to one request (`reader.REQUESTS`).

        Raises:
            ReaderDied: the file killed the reader, or the reader took too long and was killed.
            InputError: the reader says what is wrong with the file or the request.
        """
        with self._lock:
            fields, blobs = self._exchange({"request": request, **arguments}, timeout)
        if "error" in fields:
            raise InputError(self._blame(str(fields["error"]), bool(fields.get("input"))))
        return fields, blobs

    def close(self) -> None:
        """End the process. Safe to call twice; what is never closed ends with its owner."""
        self._finalizer()

    def __enter__(self) -> ReaderProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(self, request: Mapping[str, Any], timeout: float) -> wire.Message:
        expired = threading.Event()
        timer = threading.Timer(timeout, self._expire, [expired])
        timer.start()
        try:
            answer = self._send_and_receive(request)
        except (OSError, ValueError, wire.Broken):
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            raise ReaderDied(self._epitaph(expired.is_set(), timeout))
        return answer

    def _send_and_receive(self, request: Mapping[str, Any]) -> wire.Message | None:
        if self._process.stdin is None or self._process.stdout is None:
            return None
        wire.send(self._process.stdin, dict(request))  # type: ignore[arg-type]
        return wire.receive(self._process.stdout)  # type: ignore[arg-type]

    def _expire(self, expired: threading.Event) -> None:
        expired.set()
        self._process.kill()

    def _epitaph(self, expired: bool, timeout: float) -> str:
        """The sentence about a reader that is no more."""
        self._process.kill()
        status = self._process.wait()
        path, library = self.found.path, _LIBRARIES.get(self.found.kind, "the reader")
        if expired:
            return f"{path} is damaged or too large: reading it took more than {timeout:g} s and was given up"
        if status < 0:
            return f"{path} is damaged: {library} crashed reading it ({_signal_name(-status)})"
        return f"{path} could not be read: the reader process ended with status {status}: {self._last_complaint()}"

    def _last_complaint(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "it said nothing"

    def _blame(self, text: str, about_input: bool) -> str:
        """Name the file in errors that a library raised; ours name what they mean."""
        return text if about_input else f"{self.found.path} is damaged or cannot be understood: {text}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
