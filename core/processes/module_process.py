"""Processes that run one of our modules: how they are started, ended, and what is said of one that died.

The module is found whatever the current folder is and whatever this package is called: the child searches where this
process searches, and not in the current folder (`-P`), where another package may have our name.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.home import REPOSITORY
from ..base.package import ROOT


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs `module` of this package, named from its root (".jobs")."""
    return [sys.executable, "-P", "-m", f"{ROOT}{module}", *arguments]


def module_environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with `changes`, and with what its modules are found by.

    The order of the search is kept, so a child imports the same modules. The current folder gets its full name.
    """
    searched = [str(Path(folder).absolute()) for folder in sys.path]  # "" is the current folder
    if str(REPOSITORY) not in searched:
        searched.append(str(REPOSITORY))  # found by other means, as an editable installation is
    return {**os.environ, "PYTHONPATH": os.pathsep.join(searched), **(changes or {})}


def start_module(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Run `module` of this package (`module_command`); `options` are those of `subprocess.Popen`. Raises OSError."""
    return subprocess.Popen(module_command(module, *arguments), env=module_environment(environment), **options)


def exit_status(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """How it ended (negative: the signal), None where it still runs after `seconds`."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    return None


def end(process: subprocess.Popen[bytes], seconds: float = 0.0) -> None:
    """Kill it unless it ends by itself within `seconds`; its pipes are closed. Safe to call twice."""
    if exit_status(process, seconds) is None:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):  # what was written last may find nobody at the other end
                stream.close()


def signal_name(number: int) -> str:
    """ "SIGKILL"; "signal 63" for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def cause_of_death(status: int | None) -> str:
    """What an exit status says: "SIGKILL", "exit status 3"."""
    return signal_name(-status) if status is not None and status < 0 else f"exit status {status}"
