"""The tasks that can run as jobs: name -> where the class lives, and whether it needs the machine to itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from ..base.errors import InputError
from ..base.events import Task
from ..base.package import load


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """`where` is "module:Class", as `base.package.load` takes it. Of the heavy tasks one runs at a time, so that none
    disturbs another's figures. `keeps`: what it had finished when it is cancelled stays, as measurements do."""

    where: str
    heavy: bool = True
    keeps: bool = False


TASKS: Mapping[str, TaskEntry] = MappingProxyType(
    {
        "import": TaskEntry(".importing.task:Import"),
        "recheck": TaskEntry(".importing.recheck:Recheck"),
        "import-upload": TaskEntry(".jobs.upload:ImportUpload"),
        "convert": TaskEntry(".importing.convert:Convert"),
        "dataset-check": TaskEntry(".datasets.quality.task:DatasetCheck"),
        "build": TaskEntry(".building:Build"),
        "verify": TaskEntry(".building:Verify"),
        "loader": TaskEntry(".measure.loaders:LoaderExperiment", keeps=True),
        "index": TaskEntry(".inspect.task:Index", keeps=True),
        "scan": TaskEntry(".inspect.task:Scan"),
        "suite": TaskEntry(".suite:LoaderSuite", keeps=True),
        "storage": TaskEntry(".measure.storage:StorageExperiment", keeps=True),
        "train": TaskEntry(".training.task:Train", keeps=True),
        "train-scaling": TaskEntry(".training.scaling:Scaling", keeps=True),
        "scale": TaskEntry(".scale.measuring:MeasureScale"),
        "rival-install": TaskEntry(".rivals.environments:RivalInstall"),
        "demo": TaskEntry(".jobs.demo:Demo", keeps=True),
    }
)


def entry_of(name: str, tasks: Mapping[str, TaskEntry]) -> TaskEntry:
    """Raises InputError for a task that there is not."""
    if name not in tasks:
        raise InputError(f"unknown task {name!r}; there are: {', '.join(tasks)}")
    return tasks[name]


def make(name: str, fields: Mapping[str, object], tasks: Mapping[str, TaskEntry]) -> Task:
    """The task `name` with these fields. Raises InputError for fields that it does not have."""
    task_class = load(entry_of(name, tasks).where)
    try:
        return cast("Task", task_class(**fields))
    except TypeError as error:
        raise InputError(f"task {name!r} cannot be made from {sorted(fields)}: {error}") from None
