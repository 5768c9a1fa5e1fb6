"""A command of somebody else's, run to its end or ended with all its children; its lines go to a log."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from ...base.units import seconds_text
from ...processes.module_process import cause_of_death
from ..guard import guardian
from .reasons import InstallFailed, last_meaningful

LOOK = 0.2
"""Seconds between two looks."""


def lines_of(
    command: Sequence[str], variables: Mapping[str, str], log: Path, deadline: float
) -> Generator[list[str], None, None]:
    """Run it; yields the lines that it has written since the last look, often an empty list.

    Closing the generator ends the command and all its children, and so does the end of this process.

    Raises:
        InstallFailed: it cannot be started, failed, or was not done at `deadline` (`time.monotonic`).
    """
    with log.open("ab") as out, log.open("rb") as written:
        written.seek(0, os.SEEK_END)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(variables),
                cwd=log.parent,
                start_new_session=True,
            )
        except OSError as error:
            raise InstallFailed(f"{Path(command[0]).name} cannot be started: {error.strerror or error}") from None
        guardian().watch(process.pid)
        try:
            yield from _watched(process, written, deadline)
        finally:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            guardian().release(process.pid)
    if process.returncode:
        raise InstallFailed(last_meaningful(log) or f"it ended with {cause_of_death(process.returncode)}")


def _watched(process: subprocess.Popen[bytes], written: BinaryIO, deadline: float) -> Generator[list[str], None, None]:
    began, pending = time.monotonic(), b""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK)
        pending += written.read()
        whole, _, pending = pending.rpartition(b"\n")
        yield whole.decode("utf-8", "replace").splitlines()
        if process.returncode is not None:
            return
        if time.monotonic() > deadline:
            raise InstallFailed(f"it was not done after {seconds_text(time.monotonic() - began)}")
