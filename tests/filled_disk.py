"""Builds on a disk that is too small, in a process of its own: `python -m tests.filled_disk HOME CASES`.

Where a small tmpfs can be mounted (in a namespace of mounts that nobody else sees), that is the disk; elsewhere a limit
on the size of files stands in for it: like a full disk, it refuses a write half-way. Each case is
[format, encoding, compression, options, bytes]; the answer is a JSON line a case.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from core.__main__ import main

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18


def own_mounts() -> bool:
    """Whether this process may mount what it likes without anybody seeing it."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    return libc.unshare(CLONE_NEWNS) == 0 and libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0


@contextmanager
def disk_of(folder: Path, size: int, mounts: bool) -> Iterator[None]:
    """`folder` holds `size` bytes at most."""
    folder.mkdir(parents=True, exist_ok=True)
    if mounts:
        libc = ctypes.CDLL(None)
        assert libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode()) == 0
        try:
            yield
        finally:
            libc.umount2(os.fsencode(folder), 2)
        return
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def built(home: Path, case: list[Any], mounts: bool) -> dict[str, Any]:
    """What a build says and leaves."""
    format, encoding, compression, options, size = case
    arguments = ["build", "shapes", "--format", format, "--encoding", encoding, "--compression", compression, "--json"]
    for name, value in options.items():
        arguments += ["--option", f"{name}={value}"]
    folder = home / "data" / "built"
    out, complaints = io.StringIO(), io.StringIO()
    with disk_of(folder, size, mounts):
        with redirect_stdout(out), redirect_stderr(complaints):
            status = main([*arguments, "--home", str(home)])
        left = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".lock"]
        left = [path for path in left if path != ".building"]
    if not mounts:
        shutil.rmtree(folder)
    return {"case": case, "status": status, "said": complaints.getvalue(), "left": left}


if __name__ == "__main__":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.dont_write_bytecode = True  # the limit would cut short what Python compiles
    can_mount = own_mounts()
    for one in json.loads(sys.argv[2]):
        print(json.dumps({"mounts": can_mount, **built(Path(sys.argv[1]), one, can_mount)}), flush=True)
