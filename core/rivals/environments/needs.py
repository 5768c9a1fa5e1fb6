"""What an environment needs of the machine, looked for before anything is downloaded."""

from __future__ import annotations

import ctypes.util
import shutil
import subprocess
import time
from functools import lru_cache
from pathlib import Path

from ...base.units import listed
from ...machine.gpu import Gpus
from ..registration import EnvironmentSpec
from .pythons import ChosenPython, python_for, range_text

PACKAGES = {
    "g++": "g++",
    "gcc": "gcc",
    "cmake": "cmake",
    "pkg-config": "pkg-config",
    "opencv4": "libopencv-dev",
    "libturbojpeg": "libturbojpeg0-dev",
    "avutil": "ffmpeg",
    "avcodec": "ffmpeg",
    "avformat": "ffmpeg",
    "Python.h": "python3-dev",
}
"""What is missing -> Debian's package that brings it."""

COMPILERS = ("g++", "gcc", "c++", "cc")
ASKED_S = 10.0
LATELY_S = 15.0


def missing(spec: EnvironmentSpec) -> str:
    """Why an environment cannot be had on this machine, and what helps; "" where nothing is missing.

    "needs g++ and opencv4 (Debian and Ubuntu: apt install g++ libopencv-dev)"
    """
    python = python_for(spec)
    if python is None:
        return f"needs {range_text(spec)}, which is not found on PATH"
    if spec.gpu and (lacking := missing_gpu()):
        return lacking
    absent = [*_commands(spec), *_libraries(spec), *_shared(spec), *_headers(spec, python)]
    if not absent:
        return ""
    packages = dict.fromkeys(PACKAGES[name] for name in absent if name in PACKAGES)
    packages |= dict.fromkeys(spec.packages if len(packages) < len(absent) else ())
    remedy = f" (Debian and Ubuntu: apt install {' '.join(packages)})" if packages else ""
    return f"needs {listed(dict.fromkeys(absent))}{remedy}"


def missing_gpu() -> str:
    """What is said of that which runs on a GPU, where there is none; "" where there is one."""
    return "" if Gpus() else "needs an NVIDIA GPU and its driver"


def missing_lately(spec: EnvironmentSpec) -> str:
    """`missing` as of the last `LATELY_S` seconds: asking costs processes, and pages ask often."""
    return _missing_at(spec, int(time.monotonic() / LATELY_S))


@lru_cache(maxsize=128)
def _missing_at(spec: EnvironmentSpec, moment: int) -> str:
    return missing(spec)


def _commands(spec: EnvironmentSpec) -> list[str]:
    named = [*spec.commands, *(["pkg-config"] if spec.libraries else [])]
    return [name for name in dict.fromkeys(named) if shutil.which(name) is None]


def _libraries(spec: EnvironmentSpec) -> list[str]:
    """Those that pkg-config does not know, all of them where there is no pkg-config."""
    return [name for name in spec.libraries if not _is_known(name)]


def _is_known(library: str) -> bool:
    try:
        asked = subprocess.run(["pkg-config", "--exists", library], timeout=ASKED_S, check=False, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.returncode == 0


def _shared(spec: EnvironmentSpec) -> list[str]:
    return [name for name in spec.shared_libraries if ctypes.util.find_library(name) is None]


def _headers(spec: EnvironmentSpec, python: ChosenPython) -> list[str]:
    """What is compiled against Python needs its headers, which Debian keeps in a package of their own."""
    compiles = any(name in COMPILERS for name in spec.commands)
    return [] if not compiles or (Path(python.headers) / "Python.h").is_file() else ["Python.h"]
