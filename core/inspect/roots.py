"""Which folders the app opens files from, and what lies in them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError
from ..base.home import Home
from ..base.settings import SETTINGS, setting
from ..base.typed_paths import typed_path
from ..remote.address import is_address
from .allowed import load
from .kinds import kind_of_folder, members, opened_path, referred_folders
from .remote.admission import checked, is_below, may_be_asked, place_of
from .remote.location import RemotePath, located

VARIABLE = SETTINGS["roots"].variable
KAGGLE_INPUT = Path("/kaggle/input")
MOST_ENTRIES = 500
"""Entries of a folder that are listed."""


@dataclass(frozen=True)
class FolderEntry:
    """What is listed of a folder: `path`; `kind` is "folder", "file", or the kind that a folder is ("lmdb").

    `bytes`: the size of the file that is opened.
    """

    path: Path
    kind: str
    bytes: int


@dataclass(frozen=True)
class FolderListing:
    """The folders and files in `folder`, folders first; `left_out` were too many to list."""

    folder: Path
    entries: list[FolderEntry]
    left_out: int


class OutsideError(InputError):
    """A path, with every link in it resolved, that lies outside the folders that may be opened, or an address that
    lies outside those that may: `path`. `can_be_allowed`: whether a person may add it."""

    can_be_allowed = True

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        super().__init__(text)

    @property
    def folder(self) -> Path:
        """What would have to be allowed: the folder, or the file's; of a file at the very top only the file; of an
        address its bucket or server."""
        if isinstance(self.path, RemotePath):
            return RemotePath(place_of(str(self.path)))
        if self.path.is_dir():
            return self.path
        return self.path.parent if self.path.parent != self.path.parent.parent else self.path


@dataclass(frozen=True)
class Roots:
    """The folders below which everything may be opened, all resolved; `fixed`: nobody at a page can add one;
    `addresses`: the same of addresses."""

    folders: tuple[Path, ...]
    fixed: bool = True
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, home: Home, environment: Mapping[str, str] = os.environ, allowed: Sequence[Path] = ()) -> Roots:
        """Those that the setting `roots` names; else the home of the data and the user's.

        Without it, those that were `allowed` by somebody come too, and those allowed for good.
        """
        named = [located(text) for text in setting("roots", environment).values]
        usual = [home.root, Path.home(), *([KAGGLE_INPUT] if KAGGLE_INPUT.is_dir() else [])]
        places = named or [*usual, *load(home), *allowed]
        addresses = tuple(dict.fromkeys(str(place) for place in places if isinstance(place, RemotePath)))
        folders = [place for place in places if not isinstance(place, RemotePath)]
        resolved = tuple(dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders))
        return cls(resolved, bool(named), addresses)

    def admit(self, given: str | os.PathLike[str]) -> Path:
        """The path with every link in it resolved; an address as it is. Nothing is fetched.

        Raises:
            OutsideError: it lies outside, itself or the file in it that is opened; the text says what to do.
            InputError: it is no path, or an address that cannot be used.
        """
        if is_address(text := os.fspath(given).strip()):
            return self._admitted_address(text)
        try:
            path = self._resolved(typed_path(os.fspath(given)))
        except OutsideError:
            raise
        except InputError:
            raise InputError("that is no path; give one of a file, or of an LMDB's folder") from None
        for member in members():
            self._resolved(path / member)
        for folder in referred_folders(path):
            self._resolved(folder)
        return path

    def list(self, folder: Path) -> FolderListing:
        """What lies in a folder, by name; hidden entries and links that lead outside are left out.

        Raises:
            InputError: it lies outside, or cannot be read.
        """
        inside = self.admit(folder)
        try:
            with os.scandir(inside) as found:
                names = sorted(entry.name for entry in found if not entry.name.startswith("."))
        except OSError as error:
            raise InputError(f"{inside} cannot be listed: {error.strerror}") from None
        entries = [entry for name in names[:MOST_ENTRIES] if (entry := self._entry(inside / name)) is not None]
        entries.sort(key=lambda entry: entry.kind != "folder")
        return FolderListing(inside, entries, max(len(names) - MOST_ENTRIES, 0))

    def holds(self, path: Path) -> bool:
        """Whether a resolved path lies below a root."""
        return any(path == folder or folder in path.parents for folder in self.folders)

    def _admitted_address(self, text: str) -> RemotePath:
        path = RemotePath(checked(text))
        if not is_below(str(path), self.addresses):
            place = place_of(str(path))
            error = OutsideError(
                path,
                f"{path} is fetched by the machine that runs this app, which opens no addresses there. Start the app "
                f"with {VARIABLE} naming {place} beside its folders, or download the file",
            )
            error.can_be_allowed = may_be_asked(str(path))
            raise error
        return path

    def _resolved(self, path: Path) -> Path:
        resolved = Path(os.path.realpath(path))
        if not self.holds(resolved):
            allowed = ", ".join(map(str, self.folders))
            raise OutsideError(
                resolved,
                f"{resolved} lies outside the folders that this app opens ({allowed}). Copy it there, or start the "
                f"app with {VARIABLE}={resolved.parent}",
            )
        return resolved

    def _entry(self, path: Path) -> FolderEntry | None:
        resolved = Path(os.path.realpath(path))
        try:
            if not self.holds(resolved):
                return None
            opened = opened_path(resolved)
            if opened != resolved:
                return FolderEntry(path, str(kind_of_folder(resolved)), opened.stat().st_size)
            if resolved.is_dir():
                return FolderEntry(path, "folder", 0)
            return FolderEntry(path, "file", resolved.stat().st_size) if resolved.is_file() else None
        except OSError:
            return None
