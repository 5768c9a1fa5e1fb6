"""How an image file comes into a dataset: written, as shared blocks, or as another name of the same file."""

from __future__ import annotations

import errno
import os
import sys

from ..base.errors import InputError

WAYS = ("auto", "reflink", "hardlink", "copy")
"""`auto`: share blocks where the file system can, else copy. A hard link is the source itself under another name, so
that whoever writes to the source changes the dataset: made on request only."""

FICLONE = 0x40049409
"""The request to share the blocks of another file (linux/fs.h); Btrfs, XFS, Bcachefs, ZFS and others answer it."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)

_NOT_HERE = (errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM, errno.EBADF)


class Copier:
    """Brings files into a dataset in one of `WAYS`; of files with bytes alone, it writes those."""

    def __init__(self, way: str) -> None:
        """Raises InputError for a way that there is not."""
        if way not in WAYS:
            raise InputError(f"--copy {way}: choose {', '.join(WAYS)}")
        self.way = way
        self._shares = way in ("auto", "reflink") and sys.platform.startswith("linux")

    def __call__(self, data: bytes, file: str, target: str) -> None:
        """Make `target` with these bytes, which `file` holds where that is not "".

        Raises FileExistsError; other OSErrors as the disk gives them; InputError where the way that was asked for is
        not possible here.
        """
        if file and self.way == "hardlink":
            return _link(file, target)
        if file and self._shares and self._shared(file, len(data), target):
            return None
        if file and self.way == "reflink":
            raise InputError(f"blocks of {file} cannot be shared with the dataset; use --copy auto, or another --home")
        return _write(data, target)

    def _shared(self, file: str, size: int, target: str) -> bool:
        """Whether `target` now shares the blocks of `file`, which still has `size` bytes."""
        source = os.open(file, _READ)
        try:
            made = os.open(target, _CREATE, 0o666)
            try:
                _clone(source, made)
                if os.fstat(made).st_size == size:
                    return True
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                self._shares = False
            finally:
                os.close(made)
            os.unlink(target)  # noqa: PTH108 - a string, not a path
            return False
        finally:
            os.close(source)


def _clone(source: int, target: int) -> None:
    import fcntl

    fcntl.ioctl(target, FICLONE, source)


def _link(file: str, target: str) -> None:
    try:
        os.link(os.path.realpath(file), target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            raise
        raise InputError(
            f"{file} cannot be linked into the dataset ({error.strerror}); use --copy auto, or a --home on its disk"
        ) from None


def _write(data: bytes, target: str) -> None:
    descriptor = os.open(target, _CREATE, 0o666)
    try:
        view = memoryview(data)
        while len(view) > (written := os.write(descriptor, view)):
            view = view[written:]
    finally:
        os.close(descriptor)
