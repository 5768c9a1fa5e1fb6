"""The picture of any job that is shown live: what runs, how far it is, and what was measured so far."""

from __future__ import annotations

from collections.abc import Callable

from core.jobs import Job, State, Watch
from ui.benchmark.loaders import live as loaders
from ui.benchmark.storage import live as storage
from ui.live.drawing import progress, waiting
from ui.shared.job_panel import progress_told, queue_text
from ui.train import live as training

PICTURES: dict[str, Callable[[Watch], str]] = {
    "loader": loaders.picture,
    "storage": storage.picture,
    "train": training.picture,
    "train-scaling": training.scaling_picture,
}
"""Task -> what it draws below its progress, as HTML whose texts are escaped."""

DETAILS: dict[str, Callable[[Job, Watch], str]] = {"storage": storage.detail}
"""Task -> what it says of its pace, where that is not what all jobs say."""


def picture(job: Job, seen: Watch) -> str:
    """HTML without scripts. It takes about a millisecond."""
    if job.state is State.WAITING:
        return waiting(job.title, queue_text(job))
    told = progress_told(job, seen)
    detail = DETAILS[job.task](job, seen) if job.task in DETAILS else told.detail
    return progress(job.title, told.stage, told.fraction, detail) + PICTURES[job.task](seen)
