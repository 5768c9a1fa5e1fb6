"""The picture of any job that is shown live: what runs, how far it is, and what was measured so far."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from core.base.package import load
from core.jobs import Job, State, Watch
from ui.shared.job_panel import progress_told, queue_text
from ui.shared.live.drawing import progress, waiting

PICTURES = {
    "loader": "ui.benchmark.loaders.live:picture",
    "storage": "ui.benchmark.storage.live:picture",
    "train": "ui.train.live:picture",
    "train-scaling": "ui.train.live:scaling_picture",
}
"""Task -> what draws it below its progress: (Watch) -> HTML whose texts are escaped.

Pages are named here, not imported: what is shared imports no page, and a stream that a browser opens again after a
restart of the server finds the function before any page was drawn.
"""

WHOLE = {"demo": "ui.start.live:picture"}
"""Task -> what draws all of its picture: (Job, Watch, what was chosen to be seen of it) -> HTML."""

DETAILS = {"storage": "ui.benchmark.storage.live:detail"}
"""Task -> what it says of its pace, where that is not what all jobs say: (Job, Watch) -> text."""


def is_shown(task: str) -> bool:
    """Whether a task has a picture."""
    return task in PICTURES or task in WHOLE


def picture(job: Job, seen: Watch, view: str = "") -> str:
    """HTML without scripts. It takes about a millisecond. `view`: which of several, for the tasks in `WHOLE`."""
    if job.task in WHOLE:
        return str(_function(WHOLE[job.task])(job, seen, view))
    if job.state is State.WAITING:
        return waiting(job.title, queue_text(job))
    told = progress_told(job, seen)
    detail = _function(DETAILS[job.task])(job, seen) if job.task in DETAILS else told.detail
    return progress(job.title, told.stage, told.fraction, detail) + drawn_by_task(job.task, seen)


def drawn_by_task(task: str, seen: Watch) -> str:
    """What a task draws below its progress, as HTML."""
    return str(_function(PICTURES[task])(seen))


@cache
def _function(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = load(name)
    return found
