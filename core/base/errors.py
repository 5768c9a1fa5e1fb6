"""The two ways in which work can end badly. Both carry a sentence for the person who asked for it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager


class FormatMattersError(Exception):
    """Base of every error we raise on purpose; its text says what is wrong and what to do."""


class InputError(FormatMattersError):
    """Bad input or usage: a path that is not there, an unknown option, a file that is none of ours (exit status 2)."""


class WorkError(FormatMattersError):
    """The work itself failed: a full disk, a source that changed underneath, a worker that died (exit status 1)."""


FULL_OR_READ_ONLY = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def disk_error_text(error: OSError, work: str) -> str:
    """What the disk refuses while `work` ("the build") is done, and what helps where that is known."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: {work} needs more space; free some, or set --home elsewhere"
    reason = os.strerror(error.errno) if error.errno and error.errno != errno.EIO else error.strerror or str(error)
    where = f" at {error.filename}" if error.filename else ""
    elsewhere = "; set --home to a folder that can be written" if error.errno == errno.EROFS else ""
    return f"{work} failed{where}: {reason}{elsewhere}"


@contextmanager
def disk_trouble_told(work: str) -> Iterator[None]:
    """What the disk refuses while `work` ("the build") is done, as a WorkError that says so."""
    try:
        yield
    except OSError as error:
        raise WorkError(disk_error_text(error, work)) from error
