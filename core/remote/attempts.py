"""One request made as often as it takes: again after a fault, twice at once where it takes far too long."""

from __future__ import annotations

import asyncio
import random
import statistics
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .errors import RemoteChanged, RemoteError, RemoteMissing
from .settings import SLOWEST, RemoteSettings
from .traffic import TrafficMeter
from .transport import BROKEN, CHANGED, MISSING, RequestFault

Made = TypeVar("Made")

FIRST_WAIT, LONGEST_WAIT = 0.1, 10.0
"""Seconds before the second attempt, doubled before each further one; half of it is drawn at random."""

SEEN, ENOUGH = 64, 8
"""Requests of one size whose times are kept, and from how many on a median counts."""

FAR, LEAST = 4.0, 0.2
"""A straggler takes more than so many medians, and more seconds than that."""

ONE_IN = 16
"""At most one request of so many is sent a second time, beside the first few."""


class RequestPace:
    """How long requests of a kind take, and whether one may be sent twice."""

    def __init__(self) -> None:
        self._seconds: dict[int, deque[float]] = {}
        self._requests = 0
        self._hedged = 0

    def patience(self, amount: int) -> float | None:
        """Seconds after which a request for `amount` bytes is a straggler; None where too few were seen."""
        seen = self._seconds.get(_kind(amount), ())
        return max(FAR * statistics.median(seen), LEAST) if len(seen) >= ENOUGH else None

    def note(self, amount: int, seconds: float) -> None:
        self._requests += 1
        self._seconds.setdefault(_kind(amount), deque(maxlen=SEEN)).append(seconds)

    def take(self) -> bool:
        """Whether one more may be sent twice now; it is counted."""
        if self._hedged * ONE_IN > self._requests:
            return False
        self._hedged += 1
        return True


def _kind(amount: int) -> int:
    """Requests of 64 KiB or less are alike; above, those of about twice the size."""
    return max(amount >> 16, 0).bit_length()


class Attempts:
    """Makes requests for one `RemoteFiles`, on the loop, at most `in_flight` at once."""

    def __init__(self, settings: RemoteSettings, meter: TrafficMeter) -> None:
        self._settings = settings
        self._meter = meter
        self._pace = RequestPace()
        self._turn = asyncio.Semaphore(settings.in_flight)

    async def make(
        self, name: str, request: Callable[[], Awaitable[Made]], amount: int = 0, hedge: bool = False
    ) -> Made:
        """What `request()` gives. `name` says in an error what it was for ("s3://bucket/a (bytes 0 to 99)").

        Raises RemoteMissing, RemoteChanged, RemoteError.
        """
        ends = asyncio.get_running_loop().time() + self._settings.total_s
        for tried in range(1, self._settings.retries + 2):
            try:
                async with self._turn:
                    return await self._attempt(request, amount, hedge and self._settings.hedge)
            except RequestFault as fault:
                wait = min(FIRST_WAIT * 2 ** (tried - 1), LONGEST_WAIT) * random.uniform(0.5, 1.0)
                last = tried > self._settings.retries or asyncio.get_running_loop().time() + wait > ends
                if fault.kind != BROKEN or last:
                    self._meter.add(failures=1)
                    raise _told(name, fault, tried) from None
            self._meter.add(retries=1)
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, request: Callable[[], Awaitable[Made]], amount: int, hedge: bool) -> Made:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        patience = self._pace.patience(amount) if hedge else None
        running = {self._sent(request)}
        failed: RequestFault | None = None
        try:
            while running:
                left = begun + self._limit(amount) - loop.time()
                waited = left if patience is None else min(left, begun + patience - loop.time())
                done, running = await asyncio.wait(running, timeout=max(waited, 0), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if (error := task.exception()) is None:
                        self._pace.note(amount, loop.time() - begun)
                        return task.result()
                    failed = error if isinstance(error, RequestFault) else _unexpected(error)
                if not done and loop.time() - begun >= self._limit(amount):
                    raise RequestFault(BROKEN, f"no answer in {self._limit(amount):.0f} s")
                if not done:
                    patience = None
                    if self._pace.take():
                        self._meter.add(hedged=1)
                        running.add(self._sent(request))
        finally:
            for task in running:
                task.cancel()
        assert failed is not None
        raise failed

    def _sent(self, request: Callable[[], Awaitable[Made]]) -> asyncio.Task[Made]:
        async def made() -> Made:
            return await request()

        self._meter.add(requests=1)
        task = asyncio.get_running_loop().create_task(made())
        task.add_done_callback(_looked_at)
        return task

    def _limit(self, amount: int) -> float:
        return self._settings.timeout_s + amount / SLOWEST


def _looked_at(task: asyncio.Task[Made]) -> None:
    """Of two that are under way only one is waited for; what the other raises is of no interest."""
    if not task.cancelled():
        task.exception()


def _unexpected(error: BaseException) -> RequestFault:
    if isinstance(error, OSError):
        return RequestFault(BROKEN, type(error).__name__)
    raise error


def _told(name: str, fault: RequestFault, tried: int) -> RemoteError:
    if fault.kind == MISSING:
        return RemoteMissing(f"there is nothing at {name} ({fault.reason})")
    if fault.kind == CHANGED:
        return RemoteChanged(f"{name} has changed while it was read: {fault.reason}")
    times = f"tried {tried} times: " if tried > 1 else ""
    return RemoteError(f"{name} failed: {times}{fault.reason}")
