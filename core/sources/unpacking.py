"""Unpacking an archive that nobody vouches for: see `core.sources.archive` for the rules."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, cast

from ..base.errors import InputError
from ..base.events import Event, Progress
from ..base.names import readable
from .request import Patience

MAX_ENTRIES = 5_000_000
MAX_ENTRY_BYTES = 1 << 30
MAX_DEPTH = 100
"""Folders within folders: what unpacks and removes them calls itself for each."""

MAX_TOTAL_BYTES = 1 << 40
MAX_RATIO = 100
"""An archive may unpack to so many times its size, beside `FREE_BYTES`."""

FREE_BYTES = 256 << 20
MAX_HEADER_BYTES = 16 << 20
SKETCH_BYTES = 128 << 20
SKETCH_FILES = 4
"""What is unpacked of an archive that is only looked at: so much, and so many files of an ending in each folder."""

CHUNK = 1 << 20
EVERY = 64
"""Entries between two reports of progress."""

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError)


class Unpacked(NamedTuple):
    """`share`: what part of an archive was read; `whole`: whether all of it is there with its content."""

    share: float
    whole: bool


def everything(name: str) -> bool:
    """Whether an entry is wanted: any is."""
    return True


def unpack(
    archive: Path, into: Path, wanted: Callable[[str], bool] = everything, patience: Patience | None = None
) -> Generator[Event, None, Unpacked]:
    """Unpack into the new folder `into`, reporting progress; only entries whose names are `wanted`.

    With `patience` it is only looked at: once `SKETCH_BYTES` are unpacked, the first files of each folder are, and the
    rest are holes of their sizes, while there is time.

    Raises:
        InputError: the archive is broken, encrypted, or has an entry that it may not have (named in the sentence).
    """
    into.mkdir()
    unpacking = _Unpacking(archive, into) if patience is None else _Sketching(archive, into, patience)
    try:
        if zipfile.is_zipfile(archive):
            yield from _unpack_zip(archive, unpacking, wanted)
        else:
            yield from _unpack_tar(archive, unpacking, wanted)
    except _OverError as error:
        return Unpacked(error.share, whole=False)
    except _BROKEN as error:
        raise InputError(f"{archive.name} is not a whole archive ({error}); download or pack it again") from error
    except OSError as error:
        if error.errno is None:  # bz2 and gzip say so of what is not theirs
            raise InputError(f"{archive.name} is not a whole archive ({error}); download or pack it again") from error
        raise
    return Unpacked(1.0, unpacking.whole)


def _unpack_zip(archive: Path, unpacking: _Unpacking, wanted: Callable[[str], bool]) -> Iterator[Event]:
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
        for number, entry in enumerate(entries):
            if entry.is_dir():
                unpacking.place(entry.filename)
                continue
            if not wanted(entry.filename):
                continue
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind and not stat.S_ISREG(kind):
                raise unpacking.refusal(entry.filename, "is a link or a device")
            if entry.flag_bits & 1:
                raise unpacking.refusal(entry.filename, "is encrypted; unpack it yourself and import the folder")
            with opened.open(entry) as content:
                unpacking.write(entry.filename, content, entry.file_size)
            unpacking.go_on(number + 1, len(entries) + 1)
            if number % EVERY == 0:
                yield Progress("extracting", number, len(entries), "files")
        yield Progress("extracting", len(entries), len(entries), "files")


def _unpack_tar(archive: Path, unpacking: _Unpacking, wanted: Callable[[str], bool]) -> Iterator[Event]:
    size = archive.stat().st_size
    with archive.open("rb") as raw, closing(_Bounded(_decompressed(raw))) as stream:
        with tarfile.open(fileobj=cast("Any", stream), mode="r:") as opened:
            for number, entry in enumerate(opened):
                cast("Any", opened).members.clear()  # else it remembers every entry
                if not wanted(entry.name):
                    continue
                if entry.islnk():
                    unpacking.copy(entry.name, entry.linkname)
                    continue
                if not (entry.isreg() or entry.isdir()):
                    raise unpacking.refusal(entry.name, "is a link or a device")
                if entry.isdir():
                    unpacking.place(entry.name)
                    continue
                content = opened.extractfile(entry)
                assert content is not None
                unpacking.write(entry.name, content, entry.size)
                unpacking.go_on(raw.tell(), size)
                if number % EVERY == 0:
                    yield Progress("extracting", raw.tell(), size, "bytes")
        yield Progress("extracting", size, size, "bytes")


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    magic = raw.read(2)
    raw.seek(0)
    opener: Any = _OPENERS.get(magic)
    return cast("IO[bytes]", opener(raw)) if opener else raw


class _Bounded:
    """A stream that tarfile may not be talked into reading by the gigabyte: a header claims its own length."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell
        self.close = stream.close

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._stream.read(size)


class _Unpacking:
    """Where entries go, and how much they may be."""

    def __init__(self, archive: Path, into: Path) -> None:
        self._archive = archive
        self._into = into
        self._left = min(MAX_TOTAL_BYTES, FREE_BYTES + MAX_RATIO * archive.stat().st_size)
        self._entries = 0
        self.whole = True

    def refusal(self, name: str, why: str) -> InputError:
        return InputError(f"refused to unpack {self._archive.name}: the entry {_shown(name)} {why}")

    def place(self, name: str) -> Path | None:
        """Where an entry goes; None for a hidden one. Raises InputError for one that may not go there."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise InputError(f"refused to unpack {self._archive.name}: it has more than {MAX_ENTRIES:,} entries")
        plain = name.replace("\\", "/")
        parts = [part for part in PurePosixPath(plain).parts if part != "."]
        if plain.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", plain):
            raise self.refusal(name, "lies outside of the archive's folder")
        if len(parts) > MAX_DEPTH:
            raise self.refusal(name, f"lies in more than {MAX_DEPTH} folders")
        if not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):
            return None
        return self._into.joinpath(*parts)

    def go_on(self, done: int, total: int) -> None:
        """After each entry: whether there is time for the next."""

    def write(self, name: str, content: IO[bytes], size: int) -> None:
        path = self.place(name)
        if path is None:
            return
        with self._named(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                self._fill(name, content, file, size)

    def _fill(self, name: str, content: IO[bytes], file: IO[bytes], size: int) -> None:
        """The entry's content into its file; `size` is what the archive says of it."""
        self._copy(name, content, file)

    def copy(self, name: str, linked: str) -> None:
        """A hard link: what it names was unpacked before, from this archive. Raises InputError where it was not."""
        if self.place(name) is None:
            return
        try:
            source = self.place(linked)
        except InputError:
            source = None
        if source is None or not source.is_file():
            raise self.refusal(name, "is a link to what the archive does not hold before it")
        with source.open("rb") as content:
            self.write(name, content, source.stat().st_size)

    def _copy(self, name: str, content: IO[bytes], file: IO[bytes]) -> None:
        written = 0
        while chunk := content.read(CHUNK):
            written += len(chunk)
            self._left -= len(chunk)
            if written > MAX_ENTRY_BYTES:
                raise self.refusal(name, f"is larger than {MAX_ENTRY_BYTES >> 20} MiB")
            if self._left < 0:
                raise self.refusal(name, f"makes it unpack to more than {MAX_RATIO} times its size: a bomb")
            file.write(chunk)

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """What the disk or the decompressor refuses, as a refusal that names the entry."""
        try:
            yield
        except FileExistsError:
            raise self.refusal(name, "is there twice") from None
        except OSError as error:
            if error.errno in (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR):
                raise self.refusal(name, f"cannot be a file here ({error.strerror})") from None
            raise
        except ValueError as error:
            raise self.refusal(name, f"cannot be a file here ({error})") from None


class _OverError(Exception):
    """There is no time for more than this share of an archive."""

    def __init__(self, share: float) -> None:
        super().__init__(share)
        self.share = share


class _Sketching(_Unpacking):
    """An archive that is only looked at."""

    def __init__(self, archive: Path, into: Path, patience: Patience) -> None:
        super().__init__(archive, into)
        self._patience = patience
        self._spent = 0
        self._files: dict[tuple[str, str], int] = {}

    def go_on(self, done: int, total: int) -> None:
        """Raises _OverError where there is not."""
        if self._patience.over or self._entries > self._patience.images:
            raise _OverError(min(done / total, 0.99))

    def _fill(self, name: str, content: IO[bytes], file: IO[bytes], size: int) -> None:
        of_kind = str(PurePosixPath(name).parent), PurePosixPath(name).suffix.lower()
        self._files[of_kind] = self._files.get(of_kind, 0) + 1
        first = self._files[of_kind] <= SKETCH_FILES and self._spent + size <= 2 * SKETCH_BYTES
        if first or self._spent + size <= SKETCH_BYTES:
            self._spent += size
            self._copy(name, content, file)
        elif size > MAX_ENTRY_BYTES:
            raise self.refusal(name, f"is larger than {MAX_ENTRY_BYTES >> 20} MiB")
        else:
            self.whole = False
            file.truncate(size)


def _shown(name: str) -> str:
    return repr(readable(name))[:200]
