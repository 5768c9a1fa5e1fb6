"""The caller's side of a reader process: start it, ask it, and turn its death into a sentence."""

from __future__ import annotations

import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..base.errors import FormatMattersError, InputError
from ..processes.module_process import signal_name
from . import wire
from .kinds import KINDS, IdentifiedFile
from .limits import MEMORY, TOO_MUCH_MEMORY
from .reader_pool import take
from .remote.location import served_for

TIMEOUT = 15.0
"""Seconds that one request may take: with what starts and ends around it, a command stays under 20."""

NETWORK_SECONDS = 60.0
"""Seconds that the network may take for one request, beside the reader's own."""

LAST_SECONDS = 2.0
"""Seconds for a reader whose answer breaks off to end by itself, so that it is known what ended it."""

FULL = 0.9
"""The part of the memory allowed from which on a reader that died is said to have died of the limit."""

OUR_LIMIT = "which is a limit of the inspector and says nothing against the file"


class ReaderDied(InputError):
    """The reader process ended, or had to be ended, while it answered."""


class ReaderProcess:
    """One file, opened in a process of its own. Safe to use from several threads."""

    def __init__(
        self,
        found: IdentifiedFile,
        schema: str | None = None,
        seconds: float | None = None,
        index: Path | None = None,
    ) -> None:
        """`seconds`: how long all requests together may take, for a command that ends in time; None: no limit. `index`:
        what was kept of a walk through the file. `walked`: (done, total) bytes of that walk, where there is one."""
        self.found = found
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._lock = threading.Lock()
        started = take()
        self._process, self._complaints, self._inherited = started.process, started.complaints, started.inherited
        self._finalizer = weakref.finalize(self, started.end)
        self.served = served_for(found.files)
        try:
            self.walked = self._open(schema, index)
        except BaseException:
            self.close()
            raise

    def _open(self, schema: str | None, index: Path | None) -> tuple[int, int] | None:
        """See `walked` above."""
        found = self.found
        arguments: dict[str, Any] = {"kind": found.kind, "path": str(found.path), "schema": schema}
        if found.paths:
            arguments |= {"paths": [str(path) for path in found.paths], "notes": list(found.notes)}
        if index is not None:
            arguments["index"] = str(index)
        if self.served is not None:
            arguments["remote"] = self.served.opening()
        walked = self.ask("open", **arguments)[0].get("walked")
        return None if walked is None else (int(walked[0]), int(walked[1]))

    def ask(self, request: str, *, timeout: float = TIMEOUT, **arguments: Any) -> wire.Message:
        """The answer to one request (`requests`).

        Raises:
            ReaderDied: the file killed the reader, or the reader took too long and was killed.
            InputError: the reader says what is wrong with the file or the request, or which limit was reached.
            RemoteError: the file lies at an address, and the network failed.
        """
        if self._deadline is not None:
            timeout = min(timeout, max(self._deadline - time.monotonic(), 0.1))
        with self._lock:
            fields, blobs = self._exchange({"request": request, **arguments}, timeout)
        if fields.get("limit"):
            raise InputError(f"{self.found.path} was given up: {fields['error']}, {OUR_LIMIT}")
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
        countdown, broken = _Countdown(timeout, self._process.kill), ""
        try:
            answer = self._send_and_receive(request, countdown)
        except (OSError, ValueError, wire.Broken) as error:
            answer, broken = None, str(error)
        except FormatMattersError:  # the network's; the reader waits for bytes that will not come
            self.close()
            raise
        finally:
            countdown.stop()
        if answer is None:
            raise ReaderDied(self._epitaph(countdown.expired, timeout, broken))
        return answer

    def _send_and_receive(self, request: Mapping[str, Any], countdown: _Countdown) -> wire.Message | None:
        """The reader's answer; on the way there it may ask for bytes of an object at an address."""
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            return None
        wire.send(requests, dict(request))  # type: ignore[arg-type]
        message, waited = wire.receive(answers), 0.0  # type: ignore[arg-type]
        while message is not None and self.served is not None and self.served.is_question(message[0]):
            countdown.stop()
            before = self.served.waited
            wire.send(requests, *self.served.answer(message[0]))  # type: ignore[arg-type]
            waited += self.served.waited - before
            if waited > NETWORK_SECONDS:
                raise InputError(
                    f"{self.found.path} was given up: its server took more than {NETWORK_SECONDS:.0f} s, {OUR_LIMIT}"
                )
            if self._deadline is not None:
                self._deadline += self.served.waited - before
            countdown.start()
            message = wire.receive(answers)  # type: ignore[arg-type]
        return message

    def _epitaph(self, expired: bool, timeout: float, broken: str) -> str:
        """The sentence about a reader that is no more: what ended it, the file or a limit of ours."""
        status, peak = self._ended()
        path, library = self.found.path, KINDS[self.found.kind].library
        if expired:
            return f"{path} was given up: reading it took more than {timeout:.3g} s, {OUR_LIMIT}"
        if not self._finalizer.alive:
            return f"{path}: its reader was closed"
        if status is None:
            self._process.kill()
            return f"{path} was given up: its reader's answer could not be understood ({broken or 'it broke off'})"
        complaint = self._last_complaint()
        if peak >= FULL * MEMORY or complaint.startswith("MemoryError"):
            return f"{path} was given up: {TOO_MUCH_MEMORY}, {OUR_LIMIT}"
        if status == -signal.SIGKILL:
            return f"{path} was given up: its reader was ended from outside (SIGKILL), as a machine out of memory does"
        if status < 0:
            return f"{path} is damaged: {library} crashed reading it ({signal_name(-status)})"
        return f"{path} could not be read: the reader process ended with status {status}: {complaint}"

    def _ended(self) -> tuple[int | None, int]:
        """(its status, None where it goes on; the most memory it had, in bytes, 0 where that cannot be told)."""
        deadline = time.monotonic() + LAST_SECONDS
        while time.monotonic() < deadline:
            try:
                process, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            except (ChildProcessError, AttributeError):  # somebody else has waited for it, or a system without wait4
                return self._process.poll(), 0
            if process:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                peak = usage.ru_maxrss << 10
                return self._process.returncode, peak if peak > self._inherited else 0
            time.sleep(0.01)
        return None, 0

    def _last_complaint(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "it said nothing"

    def _blame(self, text: str, about_input: bool) -> str:
        """Name the file in errors that a library raised; ours name what they mean."""
        return text if about_input else f"{self.found.path} is damaged or cannot be understood: {text}"


class _Countdown:
    """Calls `expire` after so many seconds in which it was not stopped."""

    def __init__(self, seconds: float, expire: Callable[[], None]) -> None:
        self._left = seconds
        self._expire = expire
        self.expired = False
        self.start()

    def start(self) -> None:
        self._began = time.monotonic()
        self._timer = threading.Timer(max(self._left, 0), self._end)
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()
        self._left -= time.monotonic() - self._began

    def _end(self) -> None:
        self.expired = True
        self._expire()
