"""What the stages of earlier jobs took: so a job's first stages can tell of the later ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..base.errors import FormatMattersError
from ..base.events import Progress
from ..base.files import Unreadable
from .eventlog import EventReader
from .job import EVENTS, Job, State, read_job

MOST = 5
"""Jobs."""

StageSeconds = Mapping[str, float]
"""Stage -> seconds from its first progress to its last, in the order in which they began; behind each, as a stage of
its own, what the job did until it told of the next one, or was done."""

UNPACKED = {"extracting": 10.0, "reading": 40.0}
USUAL: Mapping[str, StageSeconds] = {
    "import": UNPACKED, "import-upload": UNPACKED, "convert": {**UNPACKED, "writing": 8.0},
}  # fmt: skip
"""Task -> what counts until a job was done here: reading JPEGs of 60 KB takes four times as long as unpacking them."""

ALIKE = ("format", "encoding", "compression", "to", "reference", "check", "near")
"""Fields of a task that say what kind of work it is: what one format does at last says nothing of another."""


def earlier_stages(job: Job) -> list[StageSeconds]:
    """Those of the last jobs of the same kind that were done before this one, the newest first; the usual ones of the
    task where none had their first stage."""
    folders = sorted(job.folder.parent.glob(f"*-{job.task}-*"), reverse=True)
    before = [done for folder in folders if folder.name < job.id and (done := _done(folder, job.task)) is not None]
    alike = [one for one in before if all(one.fields.get(name) == job.fields.get(name) for name in ALIKE)]
    found = [stages for one in alike[:MOST] if (stages := _stages(one))]
    usual = usual_stages(job.task)
    known = any(next(iter(one)) in stages for one in usual for stages in found)
    return found if known else [*found, *usual]


def usual_stages(task: str) -> list[StageSeconds]:
    """What is assumed of a task of which no job was done here."""
    return [USUAL[task]] if task in USUAL else []


def _done(folder: Path, task: str) -> Job | None:
    """The job of a folder; None where it is of another task, did not end well, or cannot be read."""
    try:
        job = read_job(folder)
    except (Unreadable, FormatMattersError, OSError):
        return None
    return job if job.task == task and job.state is State.DONE else None


def _stages(job: Job) -> StageSeconds:
    """Those of a job that was done; none where nothing was told of it. Stages may take turns."""
    begun: dict[str, float] = {}
    ended: dict[str, float] = {}
    for at, event in EventReader(job.folder / EVENTS).new():
        if isinstance(event, Progress):
            begun.setdefault(event.stage, at)
            ended[event.stage] = at
    if not begun or job.ended is None:
        return {}
    *others, last = begun
    ended[last] = max(ended.values())
    followed = [*(begun[stage] for stage in [*others, last][1:]), job.ended]
    stages: dict[str, float] = {}
    for stage, following in zip(begun, followed, strict=True):
        stages[stage] = max(ended[stage] - begun[stage], 0.0)
        stages[f"after {stage}"] = max(following - ended[stage], 0.0)
    return stages
