"""The bytes of a dataset's images, wherever they lie: copied, in files elsewhere, inside of containers."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..base.contracts import Place, ReferencedSource, Row
from ..base.errors import InputError, WorkError
from ..base.package import load
from ..remote.errors import RemoteError, RemoteMissing
from ..remote.settings import SMALL_FILES

if TYPE_CHECKING:
    from ..remote.files import RemoteFiles

RECORDS = ".inspect.record_images:RecordImages"
"""Who reads records of containers: the Inspector, in its own process. It stands on a floor above and is loaded late."""


class RecordImagesReader(Protocol):
    """Records of one container as image files."""

    def read_many(self, records: Sequence[int]) -> list[bytes]:
        """Raises InputError naming the container and the record."""
        ...

    def close(self) -> None: ...


@dataclass
class ImageReader:
    """Reads the image files of a dataset: those at `root`, a folder or an address, or those that it refers to. Travels
    to worker processes, where each opens what it needs for itself."""

    root: Path | str
    sources: tuple[ReferencedSource, ...] = ()
    _descriptors: dict[int, int] = field(default_factory=dict, init=False, repr=False)
    _records: dict[int, RecordImagesReader] = field(default_factory=dict, init=False, repr=False)
    _pid: int = field(default=0, init=False, repr=False)
    _remote: RemoteFiles | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.root, str):
            from ..remote.files import RemoteFiles

            self._remote = RemoteFiles(self.root, SMALL_FILES)

    def read(self, row: Row) -> bytes:
        """The image file's bytes; of a file that has grown since, one byte more than the row says.

        Raises OSError for a file that cannot be read (also for what is none), WorkError for a record that cannot, and
        for an object that is gone, or has another size than the row says.
        """
        if self._remote is not None:
            return self.read_many([row])[0]
        place = row.place
        if place is None or (place.offset < 0 and place.record < 0):
            return _whole_file(f"{self.root}/{row.path}", row.bytes)
        return self._part(row, place) if place.record < 0 else self._made(place.source, [place.record])[0]

    def read_many(self, rows: Sequence[Row]) -> list[bytes]:
        """As `read`, of several; records of one container in one request, objects in many requests at once."""
        if self._remote is not None:
            return self._remote.read_whole([(row.path, row.bytes) for row in rows])
        if all(row.place is None or row.place.record < 0 for row in rows):
            return [self.read(row) for row in rows]
        found: dict[int, bytes] = {}
        for source in {row.place.source for row in rows if row.place is not None and row.place.record >= 0}:
            places = [
                (number, row.place.record)
                for number, row in enumerate(rows)
                if row.place is not None and row.place.record >= 0 and row.place.source == source
            ]
            made = self._made(source, [record for _, record in places])
            found.update(zip((number for number, _ in places), made, strict=True))
        return [found[number] if number in found else self.read(row) for number, row in enumerate(rows)]

    def name(self, row: Row) -> str:
        """What to call the place of an image in a sentence."""
        if self._remote is not None:
            return self._remote.name(row.path)
        if row.place is None or (row.place.offset < 0 and row.place.record < 0):
            return f"{self.root}/{row.path}"
        where = f"record {row.place.record}" if row.place.record >= 0 else f"byte {row.place.offset:,}"
        return f"{self.path_of(row.place.source)} ({where})"

    def path_of(self, source: int) -> Path:
        """The file of a source."""
        if not 0 <= source < len(self.sources):
            raise WorkError(f"an image refers to source {source}, of {len(self.sources)}: import the dataset again")
        return Path(self.root, self.sources[source].path)

    def size_of(self, path: str) -> int:
        """Bytes of the file at `path` below the root. Raises OSError."""
        if self._remote is None:
            return os.stat(f"{self.root}/{path}").st_size  # noqa: PTH116 - as the index spells it
        try:
            return self._remote.stat(path).size
        except RemoteMissing:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self._remote.name(path)) from None
        except RemoteError as error:
            raise OSError(errno.EIO, str(error)) from None

    def _part(self, row: Row, place: Place) -> bytes:
        self._forget_parent()
        descriptor = self._descriptors.get(place.source)
        if descriptor is None:
            descriptor = self._descriptors[place.source] = _opened(self.path_of(place.source))
        data = os.pread(descriptor, row.bytes, place.offset)
        while len(data) < row.bytes and (more := os.pread(descriptor, row.bytes - len(data), place.offset + len(data))):
            data += more
        return data

    def _made(self, source: int, records: Sequence[int]) -> list[bytes]:
        self._forget_parent()
        if source not in self._records:
            told = self.sources[source] if 0 <= source < len(self.sources) else None
            opener = cast("Any", load(RECORDS))
            path = self.path_of(source)
            assert told is not None
            if not path.exists():
                raise WorkError(f"{path} is not there; say with import --relink where it lies now")
            try:
                self._records[source] = opener(path, told.schema, told.options)
            except InputError as error:
                raise WorkError(str(error)) from None
        try:
            return self._records[source].read_many(records)
        except InputError as error:
            raise WorkError(str(error)) from None

    def _forget_parent(self) -> None:
        """What was opened before a fork belongs to the parent."""
        if self._pid != os.getpid():
            self._descriptors, self._records, self._pid = {}, {}, os.getpid()

    def close(self) -> None:
        """Let go of everything that was opened; reading opens it again."""
        if self._pid == os.getpid():
            for descriptor in self._descriptors.values():
                os.close(descriptor)
            for records in self._records.values():
                records.close()
        self._descriptors, self._records = {}, {}

    def __del__(self) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return ImageReader, (self.root, self.sources)


def _opened(path: Path) -> int:
    """A descriptor of a regular file, also behind a link: whoever imports by reference may read what it leads to."""
    descriptor = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return descriptor


def _whole_file(path: str, expected: int) -> bytes:
    """A file's bytes; of one that has grown beyond `expected`, at least one more. Three system calls, where a file
    object takes seven and 3 us more: half of what a build of small files costs is reading them."""
    descriptor = os.open(path, _FLAGS)
    try:
        data = os.read(descriptor, expected + 1)
        while len(data) < expected and (more := os.read(descriptor, expected + 1 - len(data))):
            data += more  # a file of more than 2 GiB, or a network drive, comes in parts
        return data
    finally:
        os.close(descriptor)


_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
