"""What a library says when the disk takes no more, as the OSError that it is."""

from __future__ import annotations

import errno
import re
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
        told = " ".join(str(error).split())
        number = _system_error(error, told)
        if number in (None, errno.EIO):  # what some libraries make of a write that was cut short
            full = shutil.disk_usage(path.parent).free < needed + SPARE
            number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, told, str(path)) from error


def _system_error(error: Exception, told: str) -> int | None:
    """The number of the system's error behind a library's; HDF5 has it in its text."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"\berrno = (\d{1,4})\b", told)
    return int(found[1]) if found else None
