"""What the browser listens to: GET /live/JOB and /live/JOB/small while a job runs, streams of pictures as they change,
and GET /live/idle while none does.

Each is a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) whose data is
HTML without scripts, each about a millisecond's work in a thread of the server's; the event "gone" says that the job
has ended, or that other jobs are active by now. A stream ends after some seconds and the browser opens the next one: so
a connection that a proxy or a sleeping laptop has cut is soon replaced.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from core.base.errors import FormatMattersError
from core.base.home import Home
from core.jobs import Job, Jobs, Watch

# What draws is imported with the first picture: the server starts without the charts, and without Streamlit's caches,
# which complain where no server runs yet.

MOST_WATCHED = 8
OPEN_SECONDS = 4.0
EVERY, EVERY_SMALL = 0.48, 4.0
"""Seconds between two pictures: more than two per second of what the page is about."""

EVERY_CHANGE = 1.0
"""Seconds between two looks at whether the jobs, datasets and stores are still those that a tab shows."""

GONE = ServerSentEvent("", event="gone")

Draw = Callable[[Job, Watch], str]


class Watches:
    """What was read of the jobs that are looked at, shared by all who look. Safe to use from several threads."""

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}
        self._lock = threading.Lock()

    def drawn(self, draw: Draw, job: Job) -> str:
        """The job's picture, with what was added to its events since somebody looked."""
        with self._lock:
            watch = self._watches.pop(job.id, None) or Watch(job)
            self._watches[job.id] = watch  # the last is the one looked at last
            while len(self._watches) > MOST_WATCHED:
                del self._watches[next(iter(self._watches))]
            return draw(job, watch.refresh())


_watches = Watches()


async def live(request: Request) -> EventSourceResponse:
    """The picture on the page that owns the job."""
    name, view = request.path_params["job"], request.query_params.get("view", "")
    return _stream(lambda: _large(name, view), EVERY)


async def beside(request: Request) -> EventSourceResponse:
    """The small picture beside every page. What is `known` of all jobs is compared with what is so."""
    name, known = request.path_params["job"], request.query_params.get("known")
    picture = _seldom(lambda: _small(name), EVERY_SMALL)
    return _stream(lambda: picture() if _is_known(known) else None, EVERY_CHANGE)


async def idle(request: Request) -> EventSourceResponse:
    """Nothing to see, until the jobs are others than the `known` ones: for the tabs that show no job."""
    known = request.query_params.get("known")
    return _stream(lambda: "" if _is_known(known) else None, EVERY_CHANGE)


def _large(name: str, view: str = "") -> str | None:
    """A picture; None for a job that has ended or is not shown live."""
    from ui.shared.live.pictures import is_shown, picture

    job = _job(name)
    if job is None or not job.active or not is_shown(job.task):
        return None
    return _watches.drawn(lambda of, seen: picture(of, seen, view), job)


def _small(name: str) -> str | None:
    from ui.shared.live.indicator import picture

    job = _job(name)
    return _watches.drawn(picture, job) if job else None


def _seldom(draw: Callable[[], str | None], seconds: float) -> Callable[[], str | None]:
    """The same picture until so many seconds have passed: what has not changed is not sent."""
    shown: list[tuple[float, str | None]] = []

    def drawn() -> str | None:
        now = time.monotonic()
        if not shown or now >= shown[-1][0] + seconds:
            shown[:] = [(now, draw())]
        return shown[-1][1]

    return drawn


def _is_known(known: str | None) -> bool:
    from ui.shared.live.indicator import known_as

    return known_as(_jobs().active()) == known


def _jobs() -> Jobs:
    return Jobs(Home.find())


def _job(name: str) -> Job | None:
    try:
        return _jobs().get(name)
    except FormatMattersError:
        return None


def _stream(draw: Callable[[], str | None], every: float) -> EventSourceResponse:
    return EventSourceResponse(_pictures(draw, every), ping=0)  # a stream ends before a proxy would think it dead


async def _pictures(draw: Callable[[], str | None], every: float) -> AsyncIterator[ServerSentEvent]:
    """Events, first at once and then as often as it is said; none for a picture that has not changed."""
    yield ServerSentEvent(retry=round(1000 * every))
    shown, ends = "", time.monotonic() + OPEN_SECONDS
    while True:
        picture = await run_in_threadpool(draw)
        if picture is None:
            yield GONE
            return
        if picture != shown:
            shown = picture
            yield ServerSentEvent(picture)
        if time.monotonic() + every > ends:
            return
        await asyncio.sleep(every)


ROUTES = [Route("/live/idle", idle), Route("/live/{job}", live), Route("/live/{job}/small", beside)]
