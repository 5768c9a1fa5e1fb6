"""What a library says when the disk takes no more, as the OSError that it is."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

SPARE = 1 << 24


def disk_error(path: Path, needed: int, reason: object) -> OSError:
    """An OSError for a write of `needed` bytes at `path` that failed: no space left, where that can be the cause."""
    full = shutil.disk_usage(path.parent).free < needed + SPARE
    return OSError(errno.ENOSPC if full else errno.EIO, " ".join(str(reason).split()), str(path))
