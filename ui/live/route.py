"""What the browser asks the server for while a job runs: GET /live/JOB and /live/JOB/small, pictures of this moment.

They are HTML without scripts; 410 says that it has ended or changed, 404 that there is none. Each is drawn in a thread
of the server's, in about a millisecond.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from core.errors import FormatMattersError
from core.jobs import Job, Watch
from ui import state
from ui.live.indicator import known_as
from ui.live.indicator import picture as small_picture

Draw = Callable[[Job, Watch], str]

MOST_WATCHED = 8
GONE, UNKNOWN = 410, 404


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


def live(request: Request) -> Response:
    """The picture on the page that owns the job."""
    from ui.live.pictures import PICTURES, picture  # with the first picture: the server starts without the charts

    job = _job(request)
    if job is None or job.task not in PICTURES:
        return Response("no such job is shown live", UNKNOWN)
    return _answer(picture, job) if job.active else Response("the job has ended", GONE)


def beside(request: Request) -> Response:
    """The small picture beside every page. What is `known` of all jobs is compared with what is so."""
    job = _job(request)
    if job is None or known_as(state.jobs().active()) != request.query_params.get("known"):
        return Response("other jobs are active by now", GONE)
    return _answer(small_picture, job)


def _job(request: Request) -> Job | None:
    try:
        return state.jobs().get(request.path_params["job"])
    except FormatMattersError:
        return None


def _answer(draw: Draw, job: Job) -> Response:
    return HTMLResponse(_watches.drawn(draw, job), headers={"Cache-Control": "no-store"})


ROUTES = [Route("/live/{job}", live), Route("/live/{job}/small", beside)]
