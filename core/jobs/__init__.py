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

from .job import Job, State
from .store import Jobs
from .watch import Watch

__all__ = ["Job", "Jobs", "State", "Watch"]
