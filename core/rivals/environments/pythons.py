"""Which Python an environment is made with: this program's own where it fits, else one that is found on PATH."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..registration import EnvironmentSpec

ASKED_S = 20.0

QUESTION = (
    "import json, sys, sysconfig, venv; "
    "print(json.dumps([list(sys.version_info[:2]), sys.executable, sysconfig.get_path('include')]))"
)
"""A name on PATH may belong to a version manager's script that knows no such version, and Debian's Python may come
without venv: only one that answers this is taken."""


class ChosenPython(NamedTuple):
    """An interpreter: its version (3, 11), its path, and the folder of its C headers."""

    version: tuple[int, int]
    path: str
    headers: str

    @property
    def minor(self) -> str:
        """ "3.11"."""
        return ".".join(map(str, self.version))


def python_for(spec: EnvironmentSpec) -> ChosenPython | None:
    """The Python for an environment; of those on PATH the newest that fits. None where there is none."""
    oldest, newest = spec.python
    if oldest <= sys.version_info[:2] <= newest:
        return ChosenPython(sys.version_info[:2], sys.executable, sysconfig.get_path("include"))
    for minor in range(newest[1], oldest[1] - 1, -1):
        found = shutil.which(f"python{newest[0]}.{minor}")
        told = _asked(found) if found else None
        if told is not None and oldest <= told.version <= newest:
            return told
    return None


def range_text(spec: EnvironmentSpec) -> str:
    """ "Python 3.11 to 3.13"."""
    oldest, newest = (".".join(map(str, version)) for version in spec.python)
    return f"Python {oldest}" if oldest == newest else f"Python {oldest} to {newest}"


@lru_cache(maxsize=32)
def _asked(path: str) -> ChosenPython | None:
    try:
        answer = subprocess.run(
            [path, "-I", "-c", QUESTION], capture_output=True, text=True, timeout=ASKED_S, check=True
        ).stdout
        (major, minor), executable, headers = json.loads(answer)
        return ChosenPython((int(major), int(minor)), str(Path(executable)), str(headers))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
