"""What a reader process may use, and how its errors become sentences."""

from __future__ import annotations

from ..processes.limits import hold_to

MEMORY = 1 << 30
"""1 GiB of memory of its own; the map of an LMDB is the file's and does not count."""

TOO_MUCH_MEMORY = f"it needs more memory than a reader may use ({MEMORY >> 20:,} MiB)"

OPEN_FILES = 64


def apply() -> None:
    """Hold this process to its limits: memory, no core dumps, and not one byte written to any file."""
    hold_to(MEMORY, OPEN_FILES)


def sentence(error: BaseException) -> str:
    """What went wrong, in one line."""
    return " ".join(str(error).split())[:400] or type(error).__name__
