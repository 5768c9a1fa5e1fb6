"""What the stages of earlier jobs took: so a job's first stages can tell of the later ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..base.errors import FormatMattersError
from ..base.events import Progress
from ..base.files import Unreadable
from ..base.stage_rate import SETTLING
from .eventlog import EventReader
from .job import EVENTS, Job, State, read_job

MOST = 5
"""Jobs."""

LONG_ENOUGH = SETTLING
"""Seconds that a stage must have taken before it says how long another one takes."""


class StageTime(NamedTuple):
    """`seconds` from a stage's first progress to its last, and how many units it had: 0 where that was not told."""

    seconds: float
    units: int = 0
    unit: str = ""

    def pace(self, unit: str) -> float | None:
        """Seconds a unit; None where the stage says too little, or counts something else."""
        told = self.units and self.unit == unit and self.seconds >= LONG_ENOUGH
        return self.seconds / self.units if told else None


StageTimes = Mapping[str, StageTime]
"""Of a job, by stage, in the order in which they began; behind each, as a stage of its own ("after ..."), what the job
did until it told of the next one, or was done."""


def _usual(**seconds: float) -> StageTimes:
    units = {"extracting": "files"}
    return {stage: StageTime(each, 10_000, units.get(stage, "images")) for stage, each in seconds.items()}


UNPACKED = {"extracting": 3.5, "reading": 6.5}
REFERRED = "import by reference"
USUAL: Mapping[str, StageTimes] = {
    "import": _usual(**UNPACKED), "import-upload": _usual(**UNPACKED), "convert": _usual(**UNPACKED, writing=3.0),
    REFERRED: _usual(reading=5.2), "recheck": _usual(reading=5.2), "dataset-check": _usual(decoding=17.0),
}  # fmt: skip
"""Task -> what counts until a job was done here: seconds of 10,000 JPEGs of 60 KB, with two processors."""

ALIKE = ("format", "encoding", "compression", "to", "reference", "check", "near")
"""Fields of a task that say what kind of work it is: what one format does at last says nothing of another."""


def earlier_stages(job: Job) -> list[StageTimes]:
    """Those of the last jobs of the same kind that were done before this one, the newest first."""
    folders = sorted(job.folder.parent.glob(f"*-{job.task}-*"), reverse=True)
    before = [done for folder in folders if folder.name < job.id and (done := _done(folder, job.task)) is not None]
    alike = [one for one in before if all(one.fields.get(name) == job.fields.get(name) for name in ALIKE)]
    return [stages for one in alike[:MOST] if (stages := _stages(one))]


def usual_stages(job: Job) -> StageTimes:
    """What they take where no job of the kind was done; nothing for most kinds."""
    refers = job.task == "import" and job.fields.get("reference")
    return USUAL.get(REFERRED if refers else job.task, {})


def _done(folder: Path, task: str) -> Job | None:
    """The job of a folder; None where it is of another task, did not end well, or cannot be read."""
    try:
        job = read_job(folder)
    except (Unreadable, FormatMattersError, OSError):
        return None
    return job if job.task == task and job.state is State.DONE else None


def _stages(job: Job) -> StageTimes:
    """Those of a job that was done; none where nothing was told of it. Stages may take turns."""
    begun: dict[str, float] = {}
    ended: dict[str, float] = {}
    units: dict[str, tuple[int, str]] = {}
    for at, event in EventReader(job.folder / EVENTS).new():
        if isinstance(event, Progress):
            begun.setdefault(event.stage, at)
            ended[event.stage] = at
            units[event.stage] = (event.done if event.total else 0, event.unit)
    if not begun or job.ended is None:
        return {}
    *others, last = begun
    ended[last] = max(ended.values())
    followed = [*(begun[stage] for stage in [*others, last][1:]), job.ended]
    stages: dict[str, StageTime] = {}
    for stage, following in zip(begun, followed, strict=True):
        stages[stage] = StageTime(max(ended[stage] - begun[stage], 0.0), *units[stage])
        stages[f"after {stage}"] = StageTime(max(following - ended[stage], 0.0))
    return stages
