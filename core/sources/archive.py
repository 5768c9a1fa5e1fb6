"""Archives of image folders, unpacked for the time of the import: .zip, .tar, .tar.gz, .tar.bz2, .tar.xz.

An archive is a stranger's word on what to write where, so every entry is looked at first: none may lie outside of the
folder it is unpacked into, none may be a link or a device, and all together may not be absurdly more than the
archive itself. What breaks a rule refuses the whole archive, by the entry's name. Hidden entries are passed over.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar, cast

from ..base.contracts import Skipped
from ..base.errors import InputError
from ..base.events import Event
from ..base.names import readable, safe_name
from ..base.package import load
from ..base.source_contracts import FoundImage, Previewable, Recognition, Source
from .listed import ListedFiles
from .outer import INSPECTED, OuterSource
from .recognise import ARCHIVE_ENDINGS, ContainerError, known_layout
from .request import PatienceError
from .unpacking import unpack

HAS_RECORDS = ".importing.recognise:is_folder_of_records"
"""Whether a folder is one that the Inspector reads. It stands on a floor above, and is loaded when it is asked."""

LOOK_SECONDS = 3.0
"""For reading the folders of an archive that is only looked at, after it was unpacked."""


@dataclass
class Archive(OuterSource):
    """Whatever source the archive's contents are, unpacked into the request's scratch folder."""

    resumable: ClassVar[bool] = False
    _unpacked: Path = field(default=Path(), init=False, repr=False)

    def prepare(self) -> Iterator[Event]:
        assert self.request is not None
        archive = self.request.place
        if self.request.reference:
            raise InputError(
                f"the images in {self.request.shown} are packed, so they cannot be referred to: unpack it and import "
                "the folder, or import a copy"
            )
        self._unpacked = self.request.scratch / safe_name(_stem(archive))
        unpacked = yield from unpack(archive, self._unpacked, patience=self.request.patience)
        share = unpacked.share
        try:
            self._inner = self._source_of(*self._layout())
            yield from self._inner.prepare()
        except InputError as error:
            if not unpacked.whole and not isinstance(self._inner, ListedFiles):
                raise PatienceError("what is in it is told once all of it is unpacked") from None
            raise InputError(self._in_archive(str(error))) from None
        told = self._inner.recognition
        self.recognition = Recognition(
            f"an archive of {told.recognised}",
            told.why,
            told.labels,
            told.notes,
            [Skipped(self._in_archive(unused.path), unused.reason) for unused in told.unused],
            told.joined,
            told.choices,
            told.chosen,
            told.partial if share == 1 else f"only the first {share:.0%} of the archive was read, as all takes long",
            share * told.share,
        )

    def _layout(self) -> tuple[str, Path]:
        """The source of what was unpacked, and where that is."""
        try:
            name, folder = known_layout(self._unpacked)
        except ContainerError as error:
            return INSPECTED, error.path
        has_records = cast("Callable[[Path], bool]", load(HAS_RECORDS))
        return (INSPECTED, folder) if name == "image_folder" and has_records(folder) else (name, folder)

    def _source_of(self, name: str, folder: Path) -> Source:
        from . import open_source

        assert self.request is not None
        patience = self.request.patience and self.request.patience.again(LOOK_SECONDS)
        return open_source(
            name, self._options_of(name), dataclasses.replace(self.request, path=folder, called="", patience=patience)
        )

    def images(self) -> Iterator[FoundImage | Skipped]:
        """The inner source's, called by their place in the archive."""
        yield from map(self._called, self.inner.images())

    def drawn(self, count: int) -> Iterator[FoundImage | Skipped]:
        """Those of the inner source, without what was not unpacked to be looked at."""
        found = self.inner.drawn(4 * count) if isinstance(self.inner, Previewable) else self.inner.images()
        return islice((self._called(one) for one in found if isinstance(one, Skipped) or any(one.data[:8])), count)

    def _called(self, found: FoundImage | Skipped) -> FoundImage | Skipped:
        if isinstance(found, Skipped):
            return Skipped(self._in_archive(found.path), found.reason)
        return found._replace(origin=self._in_archive(found.origin))

    def _in_archive(self, path: str) -> str:
        assert self.request is not None
        return path.replace(readable(self._unpacked), self.request.shown)


def _stem(archive: Path) -> str:
    """The archive's name without its ending: what a flat folder in it is called."""
    ending = max((end for end in ARCHIVE_ENDINGS if archive.name.lower().endswith(end)), key=len, default="")
    return archive.name[: len(archive.name) - len(ending)]
