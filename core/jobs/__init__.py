"""Long work in processes of their own: started, watched, cancelled and found again through folders.

A job is a folder `<home>/runs/jobs/<id>/`:

    spec.json      what was asked: task, fields, title, owner (written before anything runs)
    alive          a file that the job's supervisor holds locked for as long as it lives
    started.json   when its turn came, and the process ids
    events.jsonl   what the task said, one event a line, each with its time
    log.txt        standard error of the processes
    outcome.json   what the task itself reported: its result, or a sentence
    cancel         its presence asks the job to stop
    end.json       how it ended; of a job whose process died unseen, written when the next one starts

Reading never writes: a job whose `alive` nobody holds and that has no end is read as gone. Whoever can read the folder
knows all there is to know: another browser session, or a server that was restarted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .job import Job, State
from .store import Jobs

if TYPE_CHECKING:
    from .watch import Watch

__all__ = ["Job", "Jobs", "State", "Watch"]


def __getattr__(name: str) -> object:
    """`Watch` when it is asked for: a process that waits for a job's turn loads nothing of what a job measures."""
    if name != "Watch":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .watch import Watch

    return Watch
