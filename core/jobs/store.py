"""All jobs of one home: start, find, cancel, prune."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InputError, WorkError
from core.home import REPOSITORY, Home
from core.jobs.files import write_json
from core.jobs.job import ALIVE, CANCEL, END, LOG, SPEC, Job, read_job
from core.jobs.lock import Lock
from core.jobs.tasks import TASKS, TaskEntry, entry_of
from core.runs import session_name

ENTRY = (sys.executable, "-m", "core.jobs")
"""The command that runs a job; its folder is appended."""

KEPT = 50
"""Ended jobs that are kept; what they made is kept elsewhere and for good."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of one home folder."""

    home: Home
    tasks: Mapping[str, TaskEntry] = field(default_factory=lambda: TASKS)
    entry: Sequence[str] = ENTRY

    def start(self, task: str, fields: Mapping[str, Any], *, title: str, owner: str = "") -> Job:
        """Start a task in a process of its own; heavy ones wait there for their turn.

        Raises:
            InputError: there is no such task.
            WorkError: the folder cannot be written, or the process cannot be started.
        """
        heavy = entry_of(task, self.tasks).heavy
        spec = {"task": task, "title": title, "owner": owner, "heavy": heavy, "created": time.time(), "fields": fields}
        try:
            self.prune()
            folder = self._launch(task, spec)
        except OSError as error:
            raise WorkError(f"the job could not be started in {self.home.jobs}: {error.strerror or error}") from error
        return self.get(folder.name)

    def get(self, job_id: str) -> Job:
        """Raises InputError where there is no such job."""
        job = read_job(self.home.jobs / Path(job_id).name)
        if job is None:
            raise InputError(f"there is no job {job_id!r}: it may have been cleared away")
        return job

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        return [job for folder in self._folders() if (job := read_job(folder)) is not None]

    def active(self) -> list[Job]:
        """The jobs that run or wait, in the order in which they were started; cheap enough to ask twice a second."""
        unended = [folder for folder in reversed(self._folders()) if not (folder / END).exists()]
        return [job for folder in unended if (job := read_job(folder)) is not None and job.active]

    def waits_for(self, job: Job) -> list[Job]:
        """The heavy jobs that must end before `job` can start."""
        if not job.heavy or job.started is not None:
            return []
        ahead = [other for other in self.active() if other.heavy and other.id != job.id]
        return [other for other in ahead if other.started is not None or other.id < job.id]

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop, from whatever process or session; one that has ended is left as it is."""
        if self.get(job_id).active:
            (self.home.jobs / Path(job_id).name / CANCEL).touch()

    def prune(self) -> None:
        """Delete the folders of all but the last `KEPT` ended jobs."""
        ended = [folder for folder in self._folders() if (folder / END).exists()]
        for folder in ended[KEPT:]:
            shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        """The folders of all jobs, the newest first."""
        if not self.home.jobs.is_dir():
            return []
        return sorted((folder for folder in self.home.jobs.iterdir() if folder.name[:1].isdigit()), reverse=True)

    def _launch(self, task: str, spec: Mapping[str, Any]) -> Path:
        """Make the job's folder and start its supervisor, which inherits the lock that says it is alive."""
        self.home.jobs.mkdir(parents=True, exist_ok=True)
        beside = self.home.jobs / f".new-{uuid.uuid4().hex}"
        beside.mkdir()
        write_json(beside / SPEC, spec)
        alive = Lock(beside / ALIVE)
        alive.acquire()
        folder = beside.rename(self.home.jobs / _new_id(task))
        try:
            self._spawn(folder, alive)
        finally:
            alive.close()
        return folder

    def _spawn(self, folder: Path, alive: Lock) -> None:
        with (folder / LOG).open("ab") as log:
            process = subprocess.Popen(
                [*self.entry, str(folder)],
                cwd=REPOSITORY,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(alive.fileno(),),
            )
        threading.Thread(target=process.wait, name=f"reap {folder.name}", daemon=True).start()

    def _environment(self) -> dict[str, str]:
        """Jobs work in this home, and their results belong to this session."""
        return {
            **os.environ,
            "FORMAT_MATTERS_HOME": str(self.home.root),
            "FORMAT_MATTERS_SESSION": session_name(),
        }


def _new_id(task: str) -> str:
    """Sorts by the time of asking; unique although two may ask in the same microsecond."""
    now = time.time_ns()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now // 10**9))
    return f"{stamp}-{now % 10**9 // 1000:06d}-{task}-{uuid.uuid4().hex[:4]}"
