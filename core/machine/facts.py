"""What a measured number depends on in the machine: processor, memory, disk, file system, GPUs, system."""

from __future__ import annotations

import hashlib
import hmac
import os
import platform
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..processes import cpus
from .disk import disk_facts
from .gpu import Gpus

PURPOSE = b"format-matters: which machine was this measured on"


def machine_facts(home: Path) -> dict[str, Any]:
    """Facts about this machine and the disk that `home` lies on, as plain JSON; sizes in bytes, None where untold."""
    disk = disk_facts(home)
    return {
        "host": _host(),
        "processor": processor(),
        "cpus": os.cpu_count(),
        "cpus_usable": cpus.usable_cpus(),
        "cpu_quota": cpus.cpu_quota(),
        "memory_bytes": _memory_bytes(),
        "memory_limit_bytes": _limit("memory.max"),
        "disk": disk.disk,
        "disk_kind": disk.kind,
        "file_system": disk.file_system,
        **_gpu_facts(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


@lru_cache(maxsize=1)
def _gpu_facts() -> dict[str, Any]:
    gpus = Gpus()
    return {"gpus": gpus.names(), "gpu_driver": gpus.driver()}


def _host() -> str | None:
    """A name for this installation that says nothing of it: its machine id, hashed for our purpose (machine-id(5))."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            told = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError):
            continue
        if len(told) == 32:
            return hmac.new(told.encode(), PURPOSE, hashlib.sha256).hexdigest()[:16]
    return None


def processor() -> str:
    """The processor's name as the system tells it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, AttributeError, OSError):
        return None


def _limit(name: str) -> int | None:
    """A limit that a container sets (cgroup v2), or None where it sets none."""
    try:
        told = (cpus.CGROUP / name).read_text().split()[0]
    except (OSError, IndexError):
        return None
    return int(told) if told.isdecimal() else None
