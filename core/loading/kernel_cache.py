"""Where compiled kernels are kept, and which are there: known without importing the compiler."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..base.files import Unreadable, read_object, write_whole
from ..base.package import ROOT
from ..base.settings import SETTINGS, setting_text
from ..base.strict_json import dumps
from ..base.user_folders import user_folder

VARIABLE = SETTINGS["kernels"].variable
"""Of the setting that says "background", the default, or "wait": whoever needs a kernel waits for it."""

FOLDER = Path(__file__).parent

SOURCES = (
    "batch_memory.py", "gathering.py", "jpeg", "kernels.py", "native.py", "output.py", "png", "resample.py", "simd",
    "statuses.py",
)  # fmt: skip
"""Modules and packages beside this one that kernels may be made of."""

RECORD = "compiled.json"


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a cache folder holds.

    sets: names of the sets of kernels (`core.loading.fused.SETS`) that are there.
    kernels, done: kernels of all sets together, and how many of them are compiled.
    began, at: when the work began and when this was written, seconds since 1970.
    trouble: why it ended before its end, "" where it did not.
    """

    sets: tuple[str, ...] = ()
    kernels: int = 0
    done: int = 0
    began: float = 0.0
    at: float = 0.0
    trouble: str = ""

    def write(self) -> None:
        """Raises OSError where the folder cannot be written."""
        write_whole(record(), dumps(asdict(self)).encode())


def compiled() -> Compiled:
    """What is there now. Nothing where the record cannot be read: then it is made again."""
    try:
        told = read_object(record(), 100_000)
        sets = tuple(str(name) for name in told.get("sets", ()))
        numbers: dict[str, Any] = {"kernels": int(told["kernels"]), "done": int(told["done"])}
        times: dict[str, Any] = {"began": float(told["began"]), "at": float(told["at"])}
        return Compiled(sets, **numbers, **times, trouble=str(told.get("trouble", "")))
    except (Unreadable, KeyError, TypeError, ValueError):
        return Compiled()


def record() -> Path:
    """The file that says what is there; of several states of the sources where these share a folder."""
    return cache_folder() / (f"{_digest()}.{RECORD}" if os.environ.get("NUMBA_CACHE_DIR") else RECORD)


@cache
def cache_folder() -> Path:
    """One folder for each state of the sources, of the compiler and of the CPU; numba's own where it has been given."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given)
    return own_cache() / "kernels" / _digest()


def own_cache() -> Path:
    """The folder of what this machine has compiled and measured once: the setting `cache`, else the user's."""
    return Path(setting_text("cache") or user_folder("cache"))


@cache
def _digest() -> str:
    # numba keeps the module's name with a kernel, and kernels in a folder named after that of their source.
    digest = hashlib.sha256(f"{ROOT} {FOLDER} {sys.implementation.cache_tag} {_compiler()} {_cpu()}".encode())
    for source in kernel_sources():
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def kernel_sources() -> list[Path]:
    """The files that kernels may be made of."""
    found = (FOLDER / name for name in SOURCES)
    return sorted(file for path in found for file in (path.rglob("*.py") if path.is_dir() else [path]))


def _compiler() -> str:
    try:
        return version("numba")
    except PackageNotFoundError:
        return "none"


def _cpu() -> str:
    """What the code is compiled for: numba would not use what was compiled on another kind of CPU."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as file:
            told: Mapping[str, str] = dict(_fields(file.read(16_384).partition("\n\n")[0]))
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return f"{platform.machine()} {told.get('model name', '')} {told.get('flags', told.get('Features', ''))}"


def _fields(text: str) -> list[tuple[str, str]]:
    """("model name", "...") for each line with a colon."""
    return [(name.strip(), value.strip()) for name, colon, value in (line.partition(":") for line in text.splitlines())]


def has_compiler() -> bool:
    """Whether numba is installed; without it every stage has a way in NumPy or Pillow."""
    return importlib.util.find_spec("numba") is not None


def left_s(state: Compiled) -> float | None:
    """Seconds until the rest is compiled, as fast as so far; None while that says nothing yet."""
    spent = state.at - state.began
    if state.done < 4 or spent <= 0:
        return None
    return max(spent / state.done * (state.kernels - state.done) - (time.time() - state.at), 1.0)
