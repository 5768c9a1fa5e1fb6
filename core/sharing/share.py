"""One serving to a class: its code, its guests and its host, and the jobs that guests have started."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..base.errors import InputError
from .codes import is_code, new_code
from .guesses import CodeGuesses
from .tokens import GUEST, HOST, Visitor, new_visitor, read_token, write_token

MOST_GUESTS = 100
MOST_TABS = 6
"""Connections of one guest at once."""

MOST_JOBS, MOST_JOBS_EACH = 4, 1
"""Jobs of all guests, and of one, that run or wait at once."""

MAY_START: Mapping[str, Collection[str]] = {"demo": ()}
"""Task -> the fields that a guest may give it (beside the home, which the server sets): the demo, as it is."""

T = TypeVar("T")


class Refused(InputError):
    """What this visitor may not do, and who may."""


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What came of a code: a `token` where it was right, else `wait`, seconds until the next one is looked at, and
    whether this one was (`looked`). `full`: it was right and there are as many guests as there may be."""

    token: str | None = None
    wait: float = 0.0
    looked: bool = True
    full: bool = False


class ClassShare:
    """Safe to use from several threads. `clock` gives seconds since the epoch, `steady` those of a clock that never
    goes back."""

    def __init__(self, clock: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._steady = clock, steady
        self._key = secrets.token_bytes(32)
        self._lock = threading.RLock()
        self._code = new_code()
        self._round = 0
        self._guesses = CodeGuesses()
        self._guests: dict[str, float] = {}
        self._host_links: set[str] = set()
        self._tabs: dict[str, int] = {}
        self._jobs: dict[str, str] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Called after the code was renewed or guests came or were ended."""

        self.on_job: Callable[[str], None] = lambda job: None
        """Called with the id of a job that a guest has started."""

    # ------------------------------------------------------------ coming in

    @property
    def code(self) -> str:
        """The code that lets guests in now."""
        return self._code

    def try_code(self, text: str, address: str) -> CodeAnswer:
        """What a visitor at `address` gets for a code."""
        with self._lock:
            now = self._steady()
            wait = self._guesses.wait(address, now)
            if wait > 0:
                return CodeAnswer(wait=wait, looked=False)
            if not is_code(text, self._code):
                self._guesses.wrong(address, now)
                return CodeAnswer(wait=self._guesses.wait(address, now))
            guest = self._new_guest()
        if guest is None:
            return CodeAnswer(full=True)
        self.on_change()
        return CodeAnswer(write_token(guest, self._key))

    def _new_guest(self) -> Visitor | None:
        now = self._clock()
        self._guests = {name: until for name, until in self._guests.items() if until > now}
        if len(self._guests) >= MOST_GUESTS:
            return None
        guest = new_visitor(GUEST, now, self._round)
        self._guests[guest.id] = guest.until
        return guest

    def new_host_link(self) -> str:
        """A secret for the host's browser, good for one use; those before it are good no more."""
        with self._lock:
            self._host_links = {secrets.token_urlsafe(32)}
            return next(iter(self._host_links))

    def try_host_link(self, secret: str) -> str | None:
        """The host's token for the secret, which is used up; None for any other text."""
        with self._lock:
            given = secret.encode("utf-8", "replace")
            found = [link for link in self._host_links if secrets.compare_digest(link.encode(), given)]
            if not found:
                return None
            self._host_links.clear()
        return write_token(new_visitor(HOST, self._clock()), self._key)

    # ------------------------------------------------------------ being there

    def visitor(self, token: str | None) -> Visitor | None:
        """Whose token it is; None where it is none of this serving's, too old, or of a guest who was ended."""
        found = read_token(token, self._key, self._clock()) if token else None
        if found is None or found.kind == HOST:
            return found
        return found if found.round == self._round and found.id in self._guests else None

    def open_tab(self, visitor: Visitor) -> bool:
        """Whether this visitor may have one more connection; it is then counted until `close_tab`."""
        with self._lock:
            if visitor.kind == GUEST and self._tabs.get(visitor.id, 0) >= MOST_TABS:
                return False
            self._tabs[visitor.id] = self._tabs.get(visitor.id, 0) + 1
        return True

    def close_tab(self, visitor: Visitor) -> None:
        """A connection that `open_tab` allowed has ended."""
        with self._lock:
            left = self._tabs.get(visitor.id, 1) - 1
            if left > 0:
                self._tabs[visitor.id] = left
            else:
                self._tabs.pop(visitor.id, None)

    def guests(self) -> tuple[int, int]:
        """How many guests came in and were not ended, and how many of them have a page open."""
        with self._lock:
            return len(self._guests), sum(name in self._guests for name in self._tabs)

    # ------------------------------------------------------------ what the host decides

    def renew_code(self) -> str:
        """A new code; guests who are in stay in."""
        with self._lock:
            self._code = new_code()
        self.on_change()
        return self._code

    def end_guests(self) -> str:
        """No guest's cookie is good any more, and neither is the code that let them in; returns the new one."""
        with self._lock:
            self._round += 1
            self._guests = {}
            self._code = new_code()
        self.on_change()
        return self._code

    # ------------------------------------------------------------ jobs of guests

    def start_for(
        self,
        guest: Visitor,
        task: str,
        fields: Mapping[str, Any],
        active: Callable[[], Collection[str]],
        start: Callable[[], tuple[T, str]],
    ) -> T:
        """`start` a guest's job, which gives what it started and its id; `active` gives the ids of all jobs that run
        or wait.

        Raises Refused for a task that guests may not start, or where there are as many jobs as there may be.
        """  # fmt: skip
        if task not in MAY_START or not set(fields) <= set(MAY_START[task]):
            raise Refused(f"only the host may start this ({task}); guests may run the demo")
        with self._lock:  # two tabs of a guest that start at once come one after the other
            there = active()
            self._jobs = {job: owner for job, owner in self._jobs.items() if job in there}
            if sum(owner == guest.id for owner in self._jobs.values()) >= MOST_JOBS_EACH:
                raise Refused("your demo runs or waits already; a guest may have one at a time")
            if len(self._jobs) >= MOST_JOBS:
                raise Refused(f"{MOST_JOBS} jobs of guests run or wait already; try again when one has ended")
            started, job = start()
            self._jobs[job] = guest.id
        self.on_job(job)
        return started

    def owns(self, guest: Visitor, job: str) -> bool:
        """Whether this guest has started the job."""
        return self._jobs.get(job) == guest.id
