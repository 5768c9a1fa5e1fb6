"""The folders below a place, read once: how many images each holds, and what else lies there.

Nothing here recurses, so that no depth is too much; links are followed, never in circles, or skipped; what cannot be
read is noted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import features

from ..base.contracts import Skipped
from ..base.errors import InputError
from ..base.names import readable
from .links import FollowedLinks
from .request import Patience

# fmt: off
IMAGE_ENDINGS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".png", ".apng", ".bmp", ".dib", ".gif", ".webp", ".tif",
    ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".jp2", ".j2k", ".j2c", ".jpc", ".jpx", ".jpf", ".tga", ".ico",
    ".qoi", *((".avif",) if features.check("avif") else ()),
))
# fmt: on

_SYSTEMS = frozenset((
    "__MACOSX", "Thumbs.db", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eaDir", "#recycle", "$RECYCLE.BIN",
    "System Volume Information", "lost+found", "__pycache__",
))  # fmt: skip

MAX_LINKED = 100_000
"""Folders that are reached through links: a few links can make a tree that never ends without going in circles."""

NAMED = 20
"""Of the files of one ending in one folder, so many are known by name."""


LINKS = ("follow", "skip")


class OtherFiles(NamedTuple):
    """Files of one ending in one folder that are no images: their number, and the first names in order."""

    files: int
    names: list[str]


@dataclass(eq=False, slots=True)
class SourceFolder:
    """A folder: `images` directly in it, `below` in it and everywhere below, `others` by ending (in lower case).

    `linked`: it is reached through a link; `follows`: links in it are followed; `endings`: those of
    images; `changed`: when an entry was last added
    or taken out, in nanoseconds since 1970.
    """

    path: Path
    parent: SourceFolder | None = None
    linked: bool = False
    follows: bool = True
    endings: frozenset[str] = IMAGE_ENDINGS
    folders: list[SourceFolder] = field(default_factory=list)
    images: int = 0
    below: int = 0
    changed: int = 0
    others: dict[str, OtherFiles] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As proper text."""
        return readable(self.path.name)

    @property
    def kids(self) -> list[SourceFolder]:
        """The folders directly below that hold images at any depth, in order."""
        return [folder for folder in self.folders if folder.below]

    def remove(self) -> None:
        """Take it out of the folder that it lies in, as if it were not there."""
        above = self.parent
        if above is None:
            return
        above.folders.remove(self)
        while above is not None:
            above.below -= self.below
            above = above.parent

    def walk(self) -> Iterator[SourceFolder]:
        """This one and all below, each before what lies in it, in order."""
        waiting = [self]
        while waiting:
            folder = waiting.pop()
            yield folder
            waiting += reversed(folder.folders)


@dataclass
class SourceTree:
    """What was read: the `root`, what could not be (`skipped`), `hidden` entries, which are never read, and the `links`
    to images and folders that were followed.

    `unread`: folders that there was no time for.
    """

    root: SourceFolder
    links: FollowedLinks
    skipped: list[Skipped] = field(default_factory=list)
    hidden: int = 0
    hidden_names: list[str] = field(default_factory=list)
    unread: int = 0


def scan(
    place: Path, patience: Patience | None = None, links: str = "follow", endings: frozenset[str] = IMAGE_ENDINGS
) -> SourceTree:
    """Read the folders below `place`, for as long as `patience` admits; `links` is one of `LINKS`; `endings` are those
    of images.

    Raises:
        InputError: `place` itself cannot be read, or links make more folders than `MAX_LINKED`.
    """
    tree = SourceTree(SourceFolder(place, follows=links == "follow", endings=endings), FollowedLinks(place))
    waiting, linked, seen = [tree.root], 0, []
    while waiting:
        if patience is not None and patience.over:
            tree.unread = len(waiting)
            break
        folder = waiting.pop()
        seen.append(folder)
        _read(tree, folder)
        linked += sum(inner.linked for inner in folder.folders)
        if linked > MAX_LINKED:
            raise InputError(f"links below {readable(place)} lead to more than {MAX_LINKED:,} folders; remove some")
        waiting += reversed(folder.folders)
    for folder in reversed(seen):
        folder.below += folder.images
        if folder.parent is not None:
            folder.parent.below += folder.below
    tree.skipped += [
        Skipped(readable(folder.path), "a folder, though it is called like an image")
        for folder in seen
        if not folder.below and _ending(folder.path.name) in endings
    ]
    return tree


def _read(tree: SourceTree, folder: SourceFolder) -> None:
    """What lies in one folder; its folders are not read yet."""
    try:
        folder.changed = folder_changed(folder.path)
        folder.images, entries = _entries(folder)
    except OSError as error:
        if folder.parent is None:
            raise InputError(f"{readable(folder.path)} cannot be read: {error.strerror}") from None
        tree.skipped.append(Skipped(readable(folder.path), f"cannot be read: {error.strerror}"))
        return
    links = 0
    for entry in entries:
        ending = _ending(entry.name)
        if not is_visible(entry.name):
            tree.hidden += 1
            tree.hidden_names += [readable(entry.name)] if len(tree.hidden_names) < 3 else []
        elif entry.is_symlink() and (ending in folder.endings or is_folder(entry)):
            if folder.follows:
                _follow(tree, folder, entry)
                continue
            links += 1
            if links <= NAMED:
                tree.skipped.append(Skipped(readable(entry.path), "a link, and links are skipped (links=skip)"))
        elif is_folder(entry):
            folder.folders.append(SourceFolder(Path(entry.path), folder, folder.linked, folder.follows, folder.endings))
        else:
            count, names = folder.others.get(ending, OtherFiles(0, []))
            folder.others[ending] = OtherFiles(count + 1, [*names, entry.name] if len(names) < NAMED else names)
    if links > NAMED:
        tree.skipped.append(Skipped(readable(folder.path), f"{links - NAMED:,} more links are skipped (links=skip)"))


def _follow(tree: SourceTree, folder: SourceFolder, entry: os.DirEntry[str]) -> None:
    """A link to a folder or an image, unless it leads in a circle."""
    leads_to_folder = is_folder(entry)
    if leads_to_folder:
        inner = SourceFolder(Path(entry.path), folder, linked=True, endings=folder.endings)
        if _leads_back(inner):
            tree.skipped.append(Skipped(readable(entry.path), "a link to a folder that it lies in: not followed"))
            return
        folder.folders.append(inner)
    else:
        folder.images += 1
    if not folder.linked:
        tree.links.add(entry.path, leads_to_folder)


def folder_changed(path: str | Path) -> int:
    """When an entry was last added to a folder or taken out (nanoseconds). Raises OSError."""
    return os.stat(path).st_mtime_ns  # noqa: PTH116 - a `Path` takes longer to make


def _entries(folder: SourceFolder) -> tuple[int, list[os.DirEntry[str]]]:
    """The number of images directly in a folder, which may be a million, and whatever else is there, in order."""
    images, others = 0, []
    with os.scandir(folder.path) as found:
        for entry in found:
            if _ending(entry.name) in folder.endings and is_visible(entry.name) and _is_plain(entry):
                images += 1
            else:
                others.append(entry)
    return images, sorted(others, key=lambda entry: entry.name)


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """Whether it is neither a link nor a folder."""
    return not entry.is_symlink() and not is_folder(entry)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_visible(name: str) -> bool:
    """Whether a person put it there: not what systems keep beside people's files (thumbnails, settings, rubbish)."""
    return not name.startswith(".") and name not in _SYSTEMS


def _ending(name: str) -> str:
    """As a `Path`'s suffix; of names that begin with a dot, nothing is asked."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def _leads_back(folder: SourceFolder) -> bool:
    """Whether a link leads to a folder that it lies in."""
    try:
        here = os.stat(folder.path)  # noqa: PTH116
        above = folder.parent
        while above is not None:
            if os.path.samestat(here, os.stat(above.path)):  # noqa: PTH116
                return True
            above = above.parent
    except OSError:
        return True  # it cannot be entered either
    return False


def image_paths(folder: SourceFolder, deep: bool = True, skipped: list[Skipped] | None = None) -> Iterator[str]:
    """The paths of the files with an image's ending in a folder and, if `deep`, in all below it, as text: a `Path`
    takes longer to make than a file takes to be listed.

    `skipped` gets the folders that have become unreadable since they were scanned.
    """
    for inner in folder.walk() if deep else (folder,):
        if not inner.images:
            continue
        try:
            with os.scandir(inner.path) as entries:
                for entry in entries:
                    name = entry.name
                    if (
                        name[name.rfind(".") :].lower() in inner.endings
                        and is_visible(name)
                        and not is_folder(entry)
                        and (inner.follows or not entry.is_symlink())
                    ):
                        yield entry.path
        except OSError as error:
            if skipped is not None:
                skipped.append(Skipped(readable(inner.path), f"cannot be read: {error.strerror}"))


def image_files(folder: SourceFolder, deep: bool = True, skipped: list[Skipped] | None = None) -> Iterator[Path]:
    """The same as paths."""
    return map(Path, image_paths(folder, deep, skipped))
