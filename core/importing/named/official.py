"""The official files of a dataset, and bringing them here: by download, or from where people have them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from ...base.errors import InputError
from ...base.events import Event
from ...base.names import readable
from ...base.options import option
from ...base.settings import setting_text
from ...sources.array_source import PixelArraySource
from ...sources.downloading import download
from ...sources.recognise import ARCHIVE_ENDINGS, known_layout
from ...sources.request import PatienceError
from ...sources.unpacking import everything, unpack

LOOKED_INTO = 256 << 20
"""Bytes of an archive that is unpacked for a preview."""


class OfficialFile(NamedTuple):
    """A file of the dataset as it is handed out, and its MD5, in hexadecimal digits."""

    name: str
    md5: str


@dataclass(frozen=True)
class Official:
    """Where a dataset's files are to be had: `url` is their folder, or the address of a single one; the setting
    `mirror` may name another.

    `folder` is what they are called among the downloads.
    """

    url: str
    mirror: str
    folder: str
    files: Sequence[OfficialFile]


@dataclass
class OfficialSource(PixelArraySource):
    """Files that the request's path names (a folder, one of the files, an archive), or else those from the net."""

    url: str = option("", "address of its archive, or of the folder of its files; empty: the official one", title="URL")
    checksums: bool = option(True, "refuse downloaded files whose MD5 is not the official one", title="Checksums")

    official: ClassVar[Official]

    def find_files(
        self, files: Sequence[OfficialFile], wanted: Callable[[str], bool] = everything
    ) -> Generator[Event, None, Path]:
        """The folder of the dataset's files, or the file itself where the path names one that is no archive.

        files: what to download where there is no path; wanted: of what an archive holds, by its members' names.
        Raises what `download` and `unpack` do.
        """
        assert self.request is not None, "made by core.sources.open_source"
        path = self.request.path or (yield from self._download(files))
        if path.is_file() and path.name.lower().endswith(ARCHIVE_ENDINGS):
            if self.request.patience is not None and path.stat().st_size > LOOKED_INTO:
                raise PatienceError("its archive is unpacked first, which takes long")
            unpacked = self.request.scratch / self.official.folder
            yield from unpack(path, unpacked, wanted)
            path = unpacked
        return known_layout(path)[1] if path.is_dir() else path

    def _download(self, files: Sequence[OfficialFile]) -> Generator[Event, None, Path]:
        """Returns the folder of the files, or the file where it is the only one."""
        assert self.request is not None
        folder = self.request.downloads / self.official.folder
        if self.request.patience is not None and not all((folder / file.name).is_file() for file in files):
            raise PatienceError("the import downloads it first")
        folder.mkdir(parents=True, exist_ok=True)
        address = (self.url or setting_text(self.official.mirror) or self.official.url).rstrip("/")
        remedy = "fetch it in another way and import it by its path"
        for file in files:
            url = address if len(self.official.files) == 1 else f"{address}/{file.name}"
            yield from download(url, folder / file.name, file.md5 if self.checksums else "", remedy)
        return folder / files[0].name if len(files) == 1 else folder


def no_such_files(place: Path, names: str) -> InputError:
    """That a folder holds none of the files that it should."""
    return InputError(f"{readable(place)} holds none of the files that it should: {names}")
