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
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from ..base.errors import InputError
from ..base.events import Event, Progress
from ..base.names import readable

MAX_ENTRIES = 5_000_000
MAX_ENTRY_BYTES = 1 << 30
MAX_DEPTH = 100
"""Folders within folders: what unpacks and removes them calls itself for each."""

MAX_TOTAL_BYTES = 1 << 40
MAX_RATIO = 100
"""An archive may unpack to so many times its size, beside `FREE_BYTES`."""

FREE_BYTES = 256 << 20
MAX_HEADER_BYTES = 16 << 20
CHUNK = 1 << 20
EVERY = 64
"""Entries between two reports of progress."""

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError)


def everything(name: str) -> bool:
    """Whether an entry is wanted: any is."""
    return True


def unpack(archive: Path, into: Path, wanted: Callable[[str], bool] = everything) -> Iterator[Event]:
    """Unpack into the new folder `into`, reporting progress; only entries whose names are `wanted`.

    Raises:
        InputError: the archive is broken, encrypted, or has an entry that it may not have (named in the sentence).
    """
    into.mkdir()
    try:
        if zipfile.is_zipfile(archive):
            yield from _unpack_zip(archive, into, wanted)
        else:
            yield from _unpack_tar(archive, into, wanted)
    except _BROKEN as error:
        raise InputError(f"{archive.name} is not a whole archive ({error}); download or pack it again") from error
    except OSError as error:
        if error.errno is None:  # bz2 and gzip say so of what is not theirs
            raise InputError(f"{archive.name} is not a whole archive ({error}); download or pack it again") from error
        raise


def _unpack_zip(archive: Path, into: Path, wanted: Callable[[str], bool]) -> Iterator[Event]:
    unpacking = _Unpacking(archive, into)
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
                unpacking.write(entry.filename, content)
            if number % EVERY == 0:
                yield Progress("extracting", number, len(entries), "files")
        yield Progress("extracting", len(entries), len(entries), "files")


def _unpack_tar(archive: Path, into: Path, wanted: Callable[[str], bool]) -> Iterator[Event]:
    unpacking = _Unpacking(archive, into)
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
                unpacking.write(entry.name, content)
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

    def write(self, name: str, content: IO[bytes]) -> None:
        path = self.place(name)
        if path is None:
            return
        with self._named(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
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
            self.write(name, content)

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


def _shown(name: str) -> str:
    return repr(readable(name))[:200]
