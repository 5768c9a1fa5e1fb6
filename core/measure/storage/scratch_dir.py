"""Scratch directories: each workload writes into a new one, and nothing is removed while anything is measured.

ext4 gives no file an inode that was deleted in the last minutes, and looks at each such inode again for every file that
is made near it: after some thousand deletions a new file takes 0.6 ms instead of 0.03. So what workloads have written
stays until the end (or until the disk needs the room), and the folder's subfolders are spread over the disk's block
groups, away from what an experiment before may have deleted.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ...base.events import Event, Progress

GET_FLAGS, SET_FLAGS = 0x80086601, 0x40086602
TOP_OF_HIERARCHIES = 0x00020000
"""FS_IOC_GETFLAGS, FS_IOC_SETFLAGS and FS_TOPDIR_FL of Linux: `chattr +T`."""

REMOVAL_SECONDS = 1.5e-4
"""What it takes to remove a file that has reached the disk, on ext4; only forecasts rest on it."""

FEW_FILES = 2_000
"""So many are removed while somebody waits for a cancelled experiment to end."""


class ScratchDirectory:
    """A folder of a workload's own, one after another, in `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = 0
        self._number = 0
        spread_subfolders(root)

    def folder(self) -> Path:
        """A path where there is nothing yet."""
        self._number += 1
        # The name decides where ext4 puts a folder: the process in it, so that no two experiments meet.
        return self._root / f"{os.getpid()}-{self._number:06d}"

    def used(self, files: int) -> None:
        """Take note of how many files a workload has left."""
        self._files += files

    @property
    def removal_s(self) -> float:
        """What it will take to remove everything."""
        return self._files * REMOVAL_SECONDS

    def free_bytes(self, needed: int) -> int:
        """Free bytes of the disk; where fewer than `needed` are, after everything that was kept has been removed."""
        if shutil.disk_usage(self._root).free < needed:
            for _ in self.clear():
                """Nobody waits for it in particular."""
        return shutil.disk_usage(self._root).free

    def clear(self) -> Iterator[Event]:
        """Remove everything."""
        folders = list(self._root.iterdir())
        for number, folder in enumerate(folders):
            yield Progress("removing what was written", number, len(folders), "folders")
            shutil.rmtree(folder)
        self._files = 0

    def leave(self) -> None:
        """Remove everything, if that takes long by a process of its own that outlives this one."""
        if self._files <= FEW_FILES:
            return  # whoever holds the claim removes it at once
        # Named as what a killed process leaves behind, so that the next experiment removes what is left of it.
        going = self._root.with_suffix(f".{time.time_ns()}")
        self._root.rename(going)
        subprocess.Popen(
            [sys.executable, "-c", "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)", str(going)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def spread_subfolders(folder: Path) -> None:
    """Ask the file system to spread the folders in `folder` over the disk; where it does not know how, nothing."""
    if sys.platform != "linux":
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            flags = bytearray(8)
            fcntl.ioctl(handle, GET_FLAGS, flags)
            fcntl.ioctl(handle, SET_FLAGS, struct.pack("L", struct.unpack("L", flags)[0] | TOP_OF_HIERARCHIES))
    finally:
        os.close(handle)
