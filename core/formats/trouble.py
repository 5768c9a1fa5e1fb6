"""What a library says when the disk takes no more, as the OSError that it is."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SPARE = 1 << 24


@contextmanager
def disk_errors_told(path: Path, needed: int, *kinds: type[Exception]) -> Iterator[None]:
    """What a library raises (one of `kinds`) while `needed` bytes are written at `path`, as an OSError.

    It says that no space is left where the library says so, or where that can be the cause.
    """
    try:
        yield
    except kinds as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EIO):
            raise OSError(error.errno, _sentence(error), str(path)) from error
        full = shutil.disk_usage(path.parent).free < needed + SPARE
        raise OSError(errno.ENOSPC if full else errno.EIO, _sentence(error), str(path)) from error


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())
