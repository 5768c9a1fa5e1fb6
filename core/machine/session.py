"""A session's folder, `runs/<session>/`: what was done, one line each, and the machine it was done on.

A session is one run of the command line or one life of the app; the app hands its own to the jobs it starts through
the setting `session`.
"""

from __future__ import annotations

import contextlib
import csv
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..base.errors import disk_trouble_told
from ..base.files import write_whole
from ..base.home import Home
from ..base.settings import setting_text
from ..base.strict_json import dumps
from . import machine_facts, machine_identity

SUMMARY, SYSINFO = "summary.csv", "sysinfo.json"
COLUMNS = (
    "stage",
    "dataset",
    "format",
    "variant",
    "split",
    "items",
    "bytes_on_disk",
    "num_files",
    "avg_file_size",
    "build_wall_s",
    "timestamp",
    "payload_bytes",
    "used_bytes",
    "apparent_bytes",
    "checksum",
    "session",
)
"""The columns of the notebooks' summary, then ours. Sizes in bytes, `bytes_on_disk` is what is allocated."""

LIBRARIES = (
    "numpy",
    "pillow",
    "lmdb",
    "h5py",
    "hdf5plugin",
    "zstandard",
    "lz4",
    "xxhash",
    "torch",
    "numba",
    "simplejpeg",
)


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@lru_cache(maxsize=1)
def session_name() -> str:
    """This session's name: given by who started us, else the time of our start and our process."""
    given = setting_text("session")
    if re.fullmatch(r"[A-Za-z0-9._-]{1,80}", given) and not given.startswith("."):
        return given
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"


def session_folder(home: Home) -> Path:
    """This session's folder, made when it is first asked for, with the machine's description in it.

    Raises WorkError where the disk refuses.
    """
    folder = home.runs / session_name()
    with disk_trouble_told("keeping what is measured"):
        folder.mkdir(parents=True, exist_ok=True)
        sysinfo = folder / SYSINFO
        if not sysinfo.exists():
            _describe(home, sysinfo)
    return folder


def _describe(home: Home, sysinfo: Path) -> None:
    """A folder in which not even that could be written is not left behind."""
    try:
        write_whole(sysinfo, dumps(machine(home), indent=1).encode())
    except OSError:
        with contextlib.suppress(OSError):
            sysinfo.parent.rmdir()
        raise


def add_to_summary(home: Home, row: Mapping[str, Any]) -> None:
    """Append one line to the session's summary; columns that `row` does not name stay empty.

    Raises WorkError where the disk refuses.
    """
    path = session_folder(home) / SUMMARY
    told = disk_trouble_told("keeping what is measured")
    with told, FileLock(path.with_suffix(".lock")), path.open("a", newline="", encoding="utf-8") as file:
        lines = csv.DictWriter(file, COLUMNS)
        if file.tell() == 0:
            lines.writeheader()
        lines.writerow({"timestamp": now(), "session": session_name(), **row})


def machine(home: Home) -> dict[str, Any]:
    """What a number depends on: processor, memory, disk, GPUs, system, versions. Sizes in bytes."""
    facts = machine_facts(home.root)
    return {"time": now(), "identity": machine_identity(facts), **facts, "versions": versions()}


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """The versions of the libraries that a result depends on, as far as they are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
