"""Whatever lies at an address: a folder of images there, or one file, which is fetched and is then as any file here.

A folder is listed, and its images are read from there: with the import's `reference` the dataset refers to the address
and nothing is copied. Recognition is that of folders (`core.sources.image_folder`), on stand-ins (`remote_tree`).
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar, cast

from ..base.contracts import ReferencedSource, Skipped
from ..base.errors import InputError
from ..base.events import Event, Message, Progress
from ..base.home import Home
from ..base.package import load
from ..base.source_contracts import FoundImage, Previewable, References, Source
from ..base.units import counted, size_text
from ..remote.address import check_address, last_name, scheme_of, shown
from ..remote.cache import DiskCache
from ..remote.errors import RemoteMissing
from ..remote.files import RemoteFiles
from ..remote.transport import RemoteStat
from .outer import OuterSource
from .recognise import LABEL_FILES
from .remote_tree import RemoteListing, RemoteTree, make_tree
from .request import Request

RECOGNISE = ".importing.recognise:recognise"
"""The source that reads a file. It stands on a floor above, and is loaded when it is asked."""

LOOK_SECONDS = 3.0
"""For what a folder's stand-ins tell, where it is only looked at."""

LOOK_BYTES = 64 << 20
"""A larger file is not fetched in order to be looked at."""


@dataclass
class AtAddress(OuterSource):
    """What the request's address has, by the options of a folder of images."""

    tree: RemoteTree | None = field(default=None, init=False, repr=False)
    """Where the images that are handed over as files are read; None where they lie here."""
    resumable: ClassVar[bool] = True
    _fetched: tuple[DiskCache, Path] | None = field(default=None, init=False, repr=False)

    def prepare(self) -> Iterator[Event]:
        assert self.request is not None
        address = check_address(self.request.address)
        if (stat := _object_at(address)) is not None and not _is_table(address):
            yield from self._prepare_file(self.request, address, stat)
            return
        folder, _, name = address.rpartition("/") if stat is not None else (address, "", "")
        self.tree = RemoteTree(os.fspath(self.request.scratch / "at" / _folder_name(folder)), folder)
        yield from self._prepare_folder(self.request, self.tree, name)

    def _prepare_folder(self, request: Request, tree: RemoteTree, name: str) -> Iterator[Event]:
        remote = RemoteFiles(tree.address)
        shutil.rmtree(Path(tree.folder).parent, ignore_errors=True)
        listing = RemoteListing()
        for told in make_tree(tree, remote, request.patience):
            if isinstance(told, RemoteListing):
                listing = told
            else:
                yield told
        place = Path(tree.folder, name)
        patience = request.patience and request.patience.again(LOOK_SECONDS)
        called = shown(request.address)
        inner = dataclasses.replace(request, path=place, called=called, unread=True, resumed=False, patience=patience)
        try:
            self._inner = self._source_of("label_file" if name else "image_folder", inner)
            yield from self._said(self._inner.prepare())
        except InputError as error:
            raise InputError(tree.called(str(error))) from None
        told_of = self._inner.recognition
        notes = [tree.called(note) for note in told_of.notes]
        notes.append(_cost(listing, remote.traffic.requests))
        if not listing.whole:
            notes.append(f"only the first {listing.objects:,} objects were listed to look at it")
        self.recognition = dataclasses.replace(
            told_of,
            recognised=f"{told_of.recognised} at an address",
            why=tree.called(told_of.why),
            notes=notes,
            unused=[Skipped(tree.called(one.path), one.reason) for one in [*told_of.unused, *listing.skipped]],
        )
        yield Message(notes[-1], "info")

    def _said(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Message) and self.tree is not None:
                yield Message(self.tree.called(event.text), event.level)
            else:
                yield event

    def _prepare_file(self, request: Request, address: str, stat: RemoteStat) -> Iterator[Event]:
        """Fetch it into the cache, and let whoever reads such a file here do the rest."""
        self.resumable = False  # type: ignore[misc]
        if request.reference:
            raise InputError(
                f"{shown(address)} is one file, whose images cannot be referred to: import a copy, or a folder there"
            )
        if request.patience is not None and stat.size > LOOK_BYTES:
            raise InputError(
                f"{shown(address)} has {size_text(stat.size)}: it is fetched by the import, not to be looked at; the "
                "Inspector reads parts of it where it lies"
            )
        yield Progress("downloading", 0, stat.size, "bytes")
        cache = DiskCache((request.home or Home.find()).cache)
        path = cache.get(RemoteFiles(address), "", stat, hold=True)
        self._fetched = cache, path
        yield Progress("downloading", stat.size, stat.size, "bytes")
        name = cast("Callable[[str], str]", load(RECOGNISE))(os.fspath(path))
        inner = dataclasses.replace(request, path=path, called=shown(address))
        self._inner = self._source_of(name, inner)
        yield from self._inner.prepare()
        self.recognition = self._inner.recognition

    def _source_of(self, name: str, request: Request) -> Source:
        from . import open_source

        options = self._options_of(name)
        if name == "label_file" and options.get("val_fraction") is None:
            options["val_fraction"] = 0.0
        return open_source(name, options, request)

    def images(self) -> Iterator[FoundImage | Skipped]:
        """The inner source's, called by their addresses; with their bytes unless the request does without."""
        return self._given(self.inner.images())

    def drawn(self, count: int) -> Iterator[FoundImage | Skipped]:
        """Those of the inner source; their bytes are asked for together."""
        found = self.inner.drawn(count) if isinstance(self.inner, Previewable) else islice(self.inner.images(), count)
        return self._given(found)

    @property
    def references(self) -> References:
        """The address, below which all paths lie."""
        assert self.request is not None
        return References(self.request.address if self.tree is None else self.tree.address, [ReferencedSource("")])

    def _given(self, found: Iterator[FoundImage | Skipped]) -> Iterator[FoundImage | Skipped]:
        assert self.request is not None
        if self.tree is None:
            yield from found
            return
        called = (_called(self.tree, one) for one in found)
        if self.request.unread:
            yield from called
            return
        while some := list(islice(called, MOST_AT_ONCE)):
            yield from _read(self.tree, some)

    def close(self) -> None:
        super().close()
        if self._fetched is not None:
            self._fetched[0].let_go(self._fetched[1])


MOST_AT_ONCE = 32
"""Images that are asked for together in order to be looked at."""


def _object_at(address: str) -> RemoteStat | None:
    """What is at an address, if that is one object; None for a folder, which is where others lie below."""
    web = scheme_of(address) in ("http", "https")
    if not web and "/" not in address.partition("://")[2]:
        return None  # a bucket
    try:
        return RemoteFiles(address).stat()
    except RemoteMissing:
        if web:
            raise
        return None


def _is_table(address: str) -> bool:
    return last_name(address).lower().endswith(LABEL_FILES) and scheme_of(address) not in ("http", "https")


def _folder_name(address: str) -> str:
    """What the folder of stand-ins is called: images without a class are called after it."""
    name = last_name(address)
    return name if name not in ("", ".", "..") and len(name.encode()) < 200 else "images"


def _cost(listing: RemoteListing, requests: int) -> str:
    return (
        f"listing {counted(listing.objects, 'object')} ({size_text(listing.bytes)}) and looking at a few took "
        f"{counted(requests, 'request')}; an import asks for each image once, by --check header for its first 64 KiB"
    )


def _called(tree: RemoteTree, found: FoundImage | Skipped) -> FoundImage | Skipped:
    if isinstance(found, Skipped):
        return Skipped(tree.called(found.path), found.reason)
    name = found.name if found.place is None else tree.path(found.file)
    return found._replace(name=name, origin=tree.called(found.origin))


def _read(tree: RemoteTree, found: Sequence[FoundImage | Skipped]) -> Iterator[FoundImage | Skipped]:
    images = [one for one in found if isinstance(one, FoundImage)]
    files = [(one.file, Path(one.file).stat().st_size) for one in images]
    content = iter(tree.read(files)[0])
    for one in found:
        yield one if isinstance(one, Skipped) else one._replace(data=next(content), file="")
