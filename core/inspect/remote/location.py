"""The path of an object at an address, with the face of `pathlib.Path`.

What code does with a path (`open`, `stat`, `is_file`, `parent`, `/`) is done through whoever has access to the objects
in this process: the network in the caller's, the pipe to the caller in the reader's. To the system it is a path that
does not exist, so that what knows nothing of addresses fails and reads nothing else.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from ...base import checksums
from ...remote.address import check_address, is_address
from ..read_anywhere import ReadAnywhere

if TYPE_CHECKING:
    from .objects import ServedObjects


class RemoteAccess(Protocol):
    """The objects that this process can read. All raise FileNotFoundError for one that is not there, and
    `remote.files.RemoteError` where the network fails."""

    def status(self, name: str) -> tuple[int, str]:
        """(size in bytes, version; "" where that is not known)."""
        ...

    def since(self, name: str) -> float:
        """When this version was first met here, as `time.time` tells time; 0 where nobody asks."""
        ...

    def read(self, name: str, start: int, stop: int) -> bytes:
        """These bytes, exactly."""
        ...

    def mapped(self, name: str) -> mmap.mmap:
        """A map of the whole object."""
        ...

    def names(self, folder: str) -> Sequence[str] | None:
        """The names of the objects in a folder; None for what is no folder, or cannot be listed."""
        ...


FEW = 16

_used: list[RemoteAccess] = []


def use(access: RemoteAccess) -> None:
    """From now on this process reads objects so; without this it does with the network."""
    _used[:] = [access]


def steps_at(path: Path, usual: int) -> int:
    """How many records a walk goes through between two looks at the clock: few where each may cost a request."""
    return min(usual, FEW) if isinstance(path, RemotePath) else usual


def _access() -> RemoteAccess:
    if not _used:
        from .objects import NetworkAccess

        use(NetworkAccess())
    return _used[0]


def located(path: str | os.PathLike[str]) -> Path:
    """What was given as a path or an address: a `RemotePath` for an address, else the absolute path of this machine.

    Raises InputError for an address that cannot be used.
    """
    text = os.fspath(path)
    if isinstance(path, RemotePath):
        return path
    return RemotePath(check_address(text)) if is_address(text) else Path(text).expanduser().absolute()


def served_for(paths: Sequence[Path]) -> ServedObjects | None:
    """What the reader of these objects may have of them; None for files of this machine."""
    if not isinstance(paths[0], RemotePath):
        return None
    from .objects import NetworkAccess, ServedObjects

    return ServedObjects(cast("NetworkAccess", _access()), [str(path) for path in paths])


class RemotePath(type(Path())):  # type: ignore[misc]
    """An object, or a folder of some, at an address. `str` gives the address."""

    def __str__(self) -> str:
        text = super().__str__()
        scheme, colon, rest = text.partition(":/")
        return f"{scheme}://{rest}" if colon and not rest.startswith("/") else text

    def absolute(self) -> RemotePath:
        return self

    def expanduser(self) -> RemotePath:
        return self

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Its size; the inode stands for the version, so that what was replaced is another one. Its time of change in
        seconds is when this process first met the version; in nanoseconds it is 0, as it would differ elsewhere."""
        access, name = _access(), str(self)
        try:
            size, version = access.status(name)
        except FileNotFoundError:
            if not access.names(name):
                raise
            return _status(stat.S_IFDIR | 0o555, name, 0, "", 0.0)
        return _status(stat.S_IFREG | 0o444, name, size, version, access.since(name))

    def open(self, mode: str = "r", buffering: int = -1, *arguments: Any, **named: Any) -> Any:
        """For reading bytes (mode "rb"), or text."""
        if set(mode) - set("rbt"):
            raise OSError(errno.EROFS, "objects at addresses are only read", str(self))
        size = self.stat().st_size
        made = io.BufferedReader(RemoteFile(str(self), size))
        return made if "b" in mode else io.TextIOWrapper(made, *arguments, **named)

    def mapped(self) -> mmap.mmap:
        """See `formats.maps.mapped`."""
        return _access().mapped(str(self))

    def exists(self, **_: Any) -> bool:
        return self._mode() != 0

    def is_file(self, **_: Any) -> bool:
        return stat.S_ISREG(self._mode())

    def is_dir(self, **_: Any) -> bool:
        return stat.S_ISDIR(self._mode())

    def is_symlink(self) -> bool:
        return False

    def iterdir(self) -> Iterator[RemotePath]:
        names = _access().names(str(self))
        if names is None:
            raise OSError(errno.ENOTDIR, "what lies there is not known", str(self))
        return (self / name for name in names)

    def _mode(self) -> int:
        try:
            return self.stat().st_mode
        except FileNotFoundError:
            return 0


class RemoteFile(ReadAnywhere):
    """An object as a file that is read anywhere."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(size)
        self._name = name

    def _at(self, offset: int, count: int) -> bytes:
        stop = min(offset + count, self._length)
        return _access().read(self._name, offset, stop) if offset < stop else b""


def _status(mode: int, name: str, size: int, version: str, since: float) -> os.stat_result:
    """The device stands for the name, the inode for the version."""
    device, inode = (checksums.of_bytes(text.encode()) for text in (name, version))
    return os.stat_result(
        (mode, inode, device, 1, 0, 0, size, 0, 0, 0), {"st_mtime": since, "st_mtime_ns": 0, "st_blocks": 0}
    )
