"""All jobs of one home: start, find, cancel, prune."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.errors import InputError, WorkError, disk_error_text, disk_trouble_told
from ..base.files import Unreadable, remove
from ..base.home import REPOSITORY, Home
from ..base.lock import Lock, is_held
from ..machine.programs import APP_VARIABLE
from ..machine.session import session_name
from ..processes.module_process import module_command, module_environment
from .files import write_json
from .job import ALIVE, CANCEL, END, LOG, SPEC, Job, State, read_job
from .tasks import TASKS, TaskEntry, entry_of

ENTRY = tuple(module_command(".jobs"))
"""The command that runs a job; its folder is appended."""

KEPT = 50
"""Ended jobs that are kept; what they made is kept elsewhere and for good."""

NAME = re.compile(r"[0-9][A-Za-z0-9._-]{0,120}")
"""What a job's folder is called."""

NEW, GOING = ".new-", ".gone-"
"""Folders of jobs that are being made, or removed."""

LEFT_SECONDS = 3600
"""Such a folder that is older was left behind by a process that was killed."""


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
            raise WorkError(f"the job could not be started: {disk_error_text(error, 'keeping it')}") from error
        return self.get(folder.name)

    def get(self, job_id: str) -> Job:
        """Raises InputError where there is no such job, or it cannot be read."""
        folder = self._folder(job_id)
        if folder is None or not folder.is_dir():
            raise InputError(f"there is no job {job_id[:80]!r}: it may have been cleared away")
        return read_job(folder)

    def all(self) -> list[Job]:
        """All jobs that can be read, the newest first."""
        return [found for folder in self._folders() if isinstance(found := _look(folder), Job)]

    def unreadable(self) -> list[tuple[Path, str]]:
        """The folders among the jobs that hold none which this version can read, and why."""
        return [(folder, found) for folder in self._folders() if isinstance(found := _look(folder), str)]

    def active(self) -> list[Job]:
        """The jobs that run or wait, in the order in which they were started; cheap enough to ask twice a second."""
        unended = [folder for folder in reversed(self._folders()) if not (folder / END).exists()]
        return [found for folder in unended if isinstance(found := _look(folder), Job) and found.active]

    def waits_for(self, job: Job) -> list[Job]:
        """The heavy jobs that must end before `job` can start."""
        if not job.heavy or job.started is not None:
            return []
        ahead = [other for other in self.active() if other.heavy and other.id != job.id]
        return [other for other in ahead if other.started is not None or other.id < job.id]

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop, from whatever process or session; one that has ended is left as it is.

        Raises:
            InputError: there is no such job.
            WorkError: the disk takes no request.
        """
        job = self.get(job_id)
        if job.active:
            with disk_trouble_told(f"cancelling {job.title}"):
                (job.folder / CANCEL).touch()

    def delete(self, job_id: str) -> None:
        """Remove the folder of a job that has ended, or that cannot be read.

        Raises:
            InputError: there is no such folder, or the job runs.
            WorkError: the disk refuses.
        """
        folder = self._folder(job_id)
        if folder is None or not os.path.lexists(folder):
            raise InputError(f"there is no job {job_id[:80]!r}: it may have been cleared away")
        if is_held(folder / ALIVE):
            raise InputError(f"the job {job_id} still runs; cancel it first")
        with disk_trouble_told("deleting the job"):
            _remove(folder)

    def prune(self) -> None:
        """Give jobs that died unseen their end, delete all but the last `KEPT` ended ones, and what nobody finished."""
        with contextlib.suppress(OSError):  # it is tidied up another time
            for folder in self._folders():
                self._settle(folder)
            ended = [folder for folder in self._folders() if (folder / END).exists()]
            for folder in ended[KEPT:]:
                _remove(folder)
            for left in [*self.home.jobs.glob(f"{NEW}*"), *self.home.jobs.glob(f"{GOING}*")]:
                if time.time() - left.lstat().st_mtime > LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)

    def _settle(self, folder: Path) -> None:
        """Write down how a job ended that is gone, so that nobody has to find out again."""
        if not os.path.lexists(folder / END) and isinstance(job := _look(folder), Job) and job.state is State.GONE:
            write_json(folder / END, {"state": job.state, "ended": job.ended, "error": job.error})

    def _folder(self, job_id: str) -> Path | None:
        """The place of a job of this name; None for what cannot be one."""
        return self.home.jobs / job_id if NAME.fullmatch(job_id) else None

    def _folders(self) -> list[Path]:
        """The folders of all jobs, the newest first."""
        try:
            return sorted((path for path in self.home.jobs.iterdir() if path.name[:1].isdigit()), reverse=True)
        except OSError:  # not there, or no folder
            return []

    def _launch(self, task: str, spec: Mapping[str, Any]) -> Path:
        """Make the job's folder and start its supervisor, which inherits the lock that says it is alive."""
        self.home.jobs.mkdir(parents=True, exist_ok=True)
        beside = self.home.jobs / f"{NEW}{uuid.uuid4().hex}"
        beside.mkdir()
        alive = Lock(beside / ALIVE)
        try:
            write_json(beside / SPEC, spec)
            alive.acquire()
            folder = beside.rename(self.home.jobs / _new_id(task))
        except BaseException:
            alive.close()
            shutil.rmtree(beside, ignore_errors=True)
            raise
        try:
            self._spawn(folder, alive)
        except BaseException:
            alive.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise
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
        return module_environment(
            {
                "FORMAT_MATTERS_HOME": str(self.home.root),
                "FORMAT_MATTERS_SESSION": session_name(),
                APP_VARIABLE: str(os.getpid()),
            }
        )


def _look(folder: Path) -> Job | str:
    """The job in a folder, or why it cannot be read."""
    try:
        return read_job(folder)
    except Unreadable as error:
        return str(error)
    except OSError as error:
        return f"it cannot be opened: {error.strerror or error}"


def _remove(folder: Path) -> None:
    """Renamed first, so that no half of a job is ever seen. Raises OSError."""
    remove(folder.rename(folder.with_name(f"{GOING}{uuid.uuid4().hex}")))


def _new_id(task: str) -> str:
    """Sorts by the time of asking; unique although two may ask in the same microsecond."""
    now = time.time_ns()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now // 10**9))
    return f"{stamp}-{now % 10**9 // 1000:06d}-{task}-{uuid.uuid4().hex[:4]}"
