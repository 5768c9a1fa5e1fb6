"""Whole files from elsewhere on this machine's disk, shared by all its processes, up to a limit.

    files/<key>-<name>     complete files; what was used longest ago (access time) goes first
    parts/<key>            what is being fetched, and `<key>.size`, as large as it will be: space that is taken
    locks/<3 digits>.lock  held while files whose keys begin so are fetched; `room.lock` while room is made

A key is made of address, path, version and size, so another version is another file. Locks are the kernel's: who is
killed holds none, and what it left in `parts` is removed by the next one that makes room.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..base.checksums import of_file
from ..base.errors import WorkError, disk_trouble_told
from ..base.units import size_text
from .address import join, last_name
from .errors import RemoteError
from .files import RemoteFiles
from .transport import RemoteStat

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, where a file that is open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

DEFAULT_BYTES = 10_000_000_000

SPARE_BYTES = 64 << 20
"""Left free on the disk."""


@dataclass
class DiskCache:
    """Files below `folder`, together at most `limit_bytes`. May be used by threads and processes at once; travels to
    other processes without what is held."""

    folder: Path
    limit_bytes: int = DEFAULT_BYTES
    _held: dict[Path, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Any = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return DiskCache, (self.folder, self.limit_bytes)

    def get(
        self, files: RemoteFiles, path: str = "", stat: RemoteStat | None = None, checksum: str = "", hold: bool = False
    ) -> Path:
        """The file at `path` as a local file, fetched if it is not here; of several that want it one fetches.

        `stat`: what it must be (asked for where it is not given). `checksum`: its XXH3-128, hexadecimal, compared with
        what is handed out. `hold`: hold it as `hold` does, before anybody can remove it.

        Raises RemoteMissing, RemoteChanged, RemoteError (what came is not what it should be), and WorkError where the
        limit or the disk is too small.
        """
        wanted = stat or files.stat(path)
        key = _key(files.address, path, wanted)
        target = self.folder / "files" / f"{key}-{_file_name(join(files.address, path))}"
        while True:
            if not self._is_good(target, wanted, checksum):
                with disk_trouble_told("the cache"):
                    self._fetch(files, path, wanted, checksum, key, target)
            with contextlib.suppress(FileNotFoundError):  # removed by another process since: once more
                _used_now(target)
                if hold:
                    self.hold(target)
                return target

    def hold(self, path: Path) -> None:
        """Keep a file from being removed until `let_go`, or until this process ends. Raises FileNotFoundError."""
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                if os.fstat(descriptor).st_nlink == 0:
                    raise FileNotFoundError(path)
        except BaseException:
            os.close(descriptor)
            raise
        with self._lock:
            self._held.setdefault(path, []).append(descriptor)

    def let_go(self, path: Path) -> None:
        """Once for every `hold`."""
        with self._lock:
            held = self._held.get(path)
            if held:
                os.close(held.pop())
            if not held:
                self._held.pop(path, None)

    @property
    def used_bytes(self) -> int:
        """Of complete files and of those that are being fetched."""
        return sum(size for _, _, size in [*_files(self.folder / "files"), *_files(self.folder / "parts", ".size")])

    def _is_good(self, target: Path, wanted: RemoteStat, checksum: str) -> bool:
        """Whether it is here; what is here and is something else is removed."""
        try:
            good = target.stat().st_size == wanted.size and (not checksum or of_file(target) == checksum)
        except FileNotFoundError:
            return False
        if not good:
            target.unlink(missing_ok=True)
        return good

    def _fetch(self, files: RemoteFiles, path: str, wanted: RemoteStat, checksum: str, key: str, target: Path) -> None:
        for name in ("files", "parts", "locks"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        with FileLock(self._slot(key)):
            if target.exists():
                return
            part = self.folder / "parts" / key
            taken = part.with_name(f"{key}.size")
            try:
                self._make_room(files.name(path), wanted.size, taken)
                files.fetch(path, part, wanted)
                if checksum and of_file(part) != checksum:
                    raise RemoteError(f"{files.name(path)} is damaged: its bytes do not match their checksum")
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
                taken.unlink(missing_ok=True)

    def _slot(self, key: str) -> Path:
        return self.folder / "locks" / f"{key[:3]}.lock"

    def _make_room(self, name: str, size: int, taken: Path) -> None:
        """Remove what was used longest ago until `size` bytes fit, and take them. Raises WorkError."""
        with FileLock(self.folder / "locks" / "room.lock"):
            self._clean(own=taken)
            excess = self.used_bytes + size - self.limit_bytes
            excess = max(excess, size + SPARE_BYTES - shutil.disk_usage(self.folder).free)
            for _, path, bytes in sorted(_files(self.folder / "files")):
                if excess <= 0:
                    break
                if _removed(path):
                    excess -= bytes
            if excess > 0:
                raise WorkError(
                    f"{name} ({size_text(size)}) does not fit into the cache at {self.folder}: {size_text(excess)} too "
                    "much beside what is in use; raise its limit (cache_mb), or free some space on the disk"
                )
            with taken.open("wb") as file:
                file.truncate(size)

    def _clean(self, own: Path) -> None:
        """Remove what killed processes left of downloads. `own`: of the caller, who holds its key's lock."""
        for path in (self.folder / "parts").iterdir():
            key = path.name.lstrip(".").partition(".")[0]
            mine = key == own.name.partition(".")[0]
            if mine or _nobody_holds(self._slot(key)):
                path.unlink(missing_ok=True)


def _key(address: str, path: str, stat: RemoteStat) -> str:
    told = "\0".join([address, path, stat.version, str(stat.size)])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _file_name(address: str) -> str:
    """The end of the file's own name, which tells its kind to whoever opens it."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", last_name(address))[-80:]


def _files(folder: Path, suffix: str = "") -> Iterator[tuple[int, Path, int]]:
    """(access time in ns, path, bytes) of the files in a folder; those that go away meanwhile are left out."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as found:
        for entry in found:
            if entry.name.endswith(suffix):
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat()
                    yield status.st_atime_ns, Path(entry.path), status.st_size


def _used_now(path: Path) -> None:
    """Access times are set here: many disks are mounted so that reading sets none. Raises FileNotFoundError."""
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def _removed(path: Path) -> bool:
    """Remove a file that nobody holds."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _nobody_holds(lock: Path) -> bool:
    try:
        with FileLock(lock).acquire(timeout=0):
            return True
    except Timeout:
        return False
