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
USUAL: Mapping[str, StageSeconds] = {"import": UNPACKED, "import-upload": UNPACKED}
"""Task -> what counts until a job was done here: reading JPEGs of 60 KB takes four times as long as unpacking them."""


def earlier_stages(job: Job) -> list[StageSeconds]:
    """Those of the last jobs of the same task that were done before this one, the newest first; the usual ones where
    none had their first stage."""
    found: list[StageSeconds] = []
    for folder in sorted(job.folder.parent.glob(f"*-{job.task}-*"), reverse=True):
        if folder.name >= job.id or len(found) == MOST:
            continue
        stages = _stages(folder, job.task)
        found += [stages] if stages else []
    usual = USUAL.get(job.task, {})
    return found if any(next(iter(usual), "") in stages for stages in found) else [*found, usual]


def usual_stages(task: str) -> list[StageSeconds]:
    """What is assumed of a task of which no job was done here."""
    return [USUAL[task]] if task in USUAL else []


def _stages(folder: Path, task: str) -> StageSeconds:
    """None of a job that did not end well, or cannot be read."""
    try:
        job = read_job(folder)
    except (Unreadable, FormatMattersError, OSError):
        return {}
    if job.task != task or job.state is not State.DONE or job.ended is None:
        return {}
    begun: dict[str, float] = {}
    ended: dict[str, float] = {}
    for at, event in EventReader(folder / EVENTS).new():
        if isinstance(event, Progress):
            begun.setdefault(event.stage, at)
            ended[event.stage] = at
    followed = [*list(begun.values())[1:], job.ended]
    stages: dict[str, float] = {}
    for stage, following in zip(begun, followed, strict=True):
        stages[stage] = max(ended[stage] - begun[stage], 0.0)
        stages[f"after {stage}"] = max(following - ended[stage], 0.0)
    return stages
