"""Small tasks for the tests of jobs, and the command that runs them: `python tests/jobs_tasks.py FOLDER [--work]`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.base.errors import InputError
from core.base.events import Event, Message, Progress, Result, Sample
from core.jobs.supervisor import main
from core.jobs.tasks import TaskEntry


@dataclass
class Count:
    """Counts to `steps`, pausing in between; ends badly in the way that `fail` names."""

    steps: int = 3
    pause: float = 0.0
    fail: str = ""

    def run(self) -> Iterator[Event]:
        yield Message("counting")
        for step in range(1, self.steps + 1):
            time.sleep(self.pause)
            yield Progress("count", step, self.steps, "steps")
            yield Sample("speed", {"step": step})
        if self.fail == "input":
            raise InputError("there is no such number; choose another")
        if self.fail == "bug":
            raise ZeroDivisionError("division by zero")
        if self.fail == "SIGBUS":
            os.kill(os.getpid(), signal.SIGBUS)
        yield Result({"counted": self.steps, "process": os.getpid()})


@dataclass
class Tidy:
    """Holds a file while it runs and removes it when it is interrupted; has a child process of its own."""

    marker: str

    def run(self) -> Iterator[Event]:
        marker = Path(self.marker)
        child = subprocess.Popen(["sleep", "60"])
        marker.write_text(str(child.pid))
        try:
            yield Progress("hold", 0, None)
            time.sleep(60)
        finally:
            marker.unlink()
        yield Result({})


def count_seconds(steps: int = 3, pause: float = 0.0, **_: object) -> float:
    """Of `Count`."""
    return steps * pause + 60.0


TASKS = {
    "count": TaskEntry("jobs_tasks:Count"),
    "light": TaskEntry("jobs_tasks:Count", heavy=False),
    "told": TaskEntry("jobs_tasks:Count", heavy=False, expected="jobs_tasks:count_seconds"),
    "tidy": TaskEntry("jobs_tasks:Tidy"),
}
ENTRY = (sys.executable, str(Path(__file__).resolve()))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], TASKS, ENTRY))
