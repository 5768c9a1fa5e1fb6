"""Which disk a folder lies on, what kind it is, and its file system, where Linux tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

MOUNTS = Path("/proc/self/mountinfo")
BLOCK = Path("/sys/class/block")

IN_MEMORY = {"tmpfs", "ramfs", "devtmpfs"}
OVER_A_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "gpfs", "beegfs", "afs", "glusterfs"}
SHARED_FOLDER = {"9p", "virtiofs", "vboxsf", "drvfs", "prl_fs"}


class DiskFacts(NamedTuple):
    """`disk` is its model or, failing that, its name; `kind` what it is in words; both None where they are not told."""

    disk: str | None
    kind: str | None
    file_system: str | None


class Mount(NamedTuple):
    """One line of mountinfo (proc_pid_mountinfo(5)): where, of which type, and from what."""

    point: str
    type: str
    source: str


def disk_facts(path: Path) -> DiskFacts:
    """Facts about the disk that `path`, or the folder that it will be made in, lies on."""
    here = next((folder for folder in (path, *path.parents) if folder.exists()), Path("/")).resolve()
    holding = [mount for mount in _mounts() if here.is_relative_to(mount.point)]
    if not holding:
        return DiskFacts(None, None, None)
    mount = max(reversed(holding), key=lambda mount: len(mount.point))  # the last of those on one point is on top
    device = _device(mount.source)
    if device is None:
        return DiskFacts(None, _kind_without_disk(mount.type), mount.type)
    return DiskFacts(_model(device) or device.name, _kind(device), mount.type)


def _mounts() -> list[Mount]:
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return []
    parts = [line.partition(" - ") for line in lines]
    return [Mount(_unescaped(left.split()[4]), *right.split()[:2]) for left, _, right in parts if right]


def _unescaped(point: str) -> str:
    """Blanks and backslashes in a mount point are written in octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)


def _device(source: str) -> Path | None:
    """The folder that tells of the whole disk behind a mount's source; the first where there are several."""
    if not source.startswith("/dev/"):
        return None
    device = (BLOCK / Path(source).resolve().name).resolve()
    if not device.is_dir():
        return None
    if (device / "partition").exists():
        device = device.parent
    below = sorted((device / "slaves").glob("*"))  # an encrypted or joined volume lies on others
    return _device(f"/dev/{below[0].name}") if below else device


def _model(device: Path) -> str | None:
    told = (_told(device / "device" / name) for name in ("model", "name"))
    return next((text for text in told if text), None)


def _kind(device: Path) -> str:
    if device.name.startswith("nvme"):
        return "NVMe SSD"
    if device.name.startswith(("vd", "xvd")) or "virt" in (_told(device / "device" / "vendor") or "").lower():
        return "virtual disk"
    return {"0": "SSD", "1": "hard disk"}.get(_told(device / "queue" / "rotational") or "", "disk")


def _kind_without_disk(file_system: str) -> str | None:
    if file_system in IN_MEMORY:
        return "memory"
    if file_system in OVER_A_NETWORK:
        return "network"
    if file_system in SHARED_FOLDER or file_system.startswith("fuse"):
        return "shared folder"
    return "container's layers" if file_system == "overlay" else None


def _told(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip() or None
    except OSError:
        return None
