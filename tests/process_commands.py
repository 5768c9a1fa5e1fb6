"""What processes were started with, asked of processes that may end at any moment."""

from __future__ import annotations

import psutil


def command_of(process: psutil.Process) -> str:
    """Nothing of one that has ended meanwhile, or that waits for its parent to notice it."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is one, too
        return ""
