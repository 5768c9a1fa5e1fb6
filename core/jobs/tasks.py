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
    disturbs another's figures. `keeps`: what it had finished when it is cancelled stays, as measurements do.
    `measures`: what it runs is what people run, memory included (`processes.freed_memory`).
    `expected`: the function, likewise, that tells from a task's fields how many seconds it will take; for those that
    import for long before they can tell themselves."""

    where: str
    heavy: bool = True
    keeps: bool = False
    measures: bool = False
    expected: str = ""


TASKS: Mapping[str, TaskEntry] = MappingProxyType(
    {
        "import": TaskEntry(".importing.task:Import"),
        "recheck": TaskEntry(".importing.recheck:Recheck"),
        "import-upload": TaskEntry(".jobs.upload:ImportUpload"),
        "convert": TaskEntry(".importing.convert:Convert"),
        "dataset-check": TaskEntry(".datasets.quality.task:DatasetCheck"),
        "build": TaskEntry(".building:Build"),
        "verify": TaskEntry(".building:Verify"),
        "loader": TaskEntry(".measure.loaders:LoaderExperiment", keeps=True, measures=True),
        "index": TaskEntry(".inspect.task:Index", keeps=True),
        "scan": TaskEntry(".inspect.task:Scan"),
        "suite": TaskEntry(".suite:LoaderSuite", keeps=True, measures=True),
        "storage": TaskEntry(".measure.storage:StorageExperiment", keeps=True, measures=True),
        "train": TaskEntry(
            ".training.task:Train", keeps=True, measures=True, expected=".training.expected:train_seconds"
        ),
        "train-scaling": TaskEntry(
            ".training.scaling:Scaling", keeps=True, measures=True, expected=".training.expected:scaling_seconds"
        ),
        "scale": TaskEntry(".scale.measuring:MeasureScale"),
        "rival-install": TaskEntry(".rivals.environments:RivalInstall"),
        "demo": TaskEntry(".jobs.demo:Demo", keeps=True, measures=True),
    }
)


def entry_of(name: str, tasks: Mapping[str, TaskEntry]) -> TaskEntry:
    """Raises InputError for a task that there is not."""
    if name not in tasks:
        raise InputError(f"unknown task {name!r}; there are: {', '.join(tasks)}")
    return tasks[name]


def expected_seconds(name: str, fields: Mapping[str, object], tasks: Mapping[str, TaskEntry]) -> float | None:
    """What the task `name` with these fields will take; None where nobody tells. Never raises: what is wrong with the
    fields, the task says itself."""
    entry = entry_of(name, tasks)
    if not entry.expected:
        return None
    try:
        return float(load(entry.expected)(**fields))
    except Exception:  # noqa: BLE001
        return None


def make(name: str, fields: Mapping[str, object], tasks: Mapping[str, TaskEntry]) -> Task:
    """The task `name` with these fields. Raises InputError for fields that it does not have."""
    task_class = load(entry_of(name, tasks).where)
    try:
        return cast("Task", task_class(**fields))
    except TypeError as error:
        raise InputError(f"task {name!r} cannot be made from {sorted(fields)}: {error}") from None
