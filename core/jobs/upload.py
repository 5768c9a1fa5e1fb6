"""Import an uploaded archive, and clear the upload away however that ends."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..base.errors import InputError, disk_trouble_told
from ..base.events import Event
from ..base.home import Home
from ..importing.task import Import
from ..inspect import uploads

FOLDER = "imported"

TOGETHER = "images.zip"
"""What several uploaded files are kept as."""

STARTING_SECONDS = 60
"""An upload that no job speaks of is left alone for so long: its job may only be about to start."""


@dataclass
class ImportUpload(Import):
    """An import from a file of which nothing is to stay, called `called` or by the file's own name."""

    def run(self) -> Iterator[Event]:
        """The import's events. The file `source` and its folder are gone afterwards."""
        self.called = self.called or Path(self.source).name
        try:
            yield from super().run()
        except InputError as error:  # where it was kept tells nobody anything
            raise InputError(str(error).replace(str(self.source), self.called)) from error
        finally:
            discard(Path(self.source))


def keep(home: Home, name: str, content: BinaryIO) -> Path:
    """The uploaded file on disk, for an `ImportUpload` that removes it; what killed ones left behind is cleared away.

    Raises:
        WorkError: the disk is full or cannot be written; nothing is left of the upload.
    """
    clear(home)
    return uploads.keep(home, name, content, FOLDER)


def keep_together(home: Home, files: Sequence[tuple[str, BinaryIO]]) -> Path:
    """Several uploaded files, by their names or paths below a folder, as one archive: else as `keep`.

    Two of one name are told apart by a number; no name leads out of the archive.
    """
    with tempfile.TemporaryFile() as together:
        with disk_trouble_told("keeping the upload"), zipfile.ZipFile(together, "w") as archive:
            for name, content in files:
                with archive.open(_free_place(archive, name), "w") as entry:
                    shutil.copyfileobj(content, entry, uploads.COPY_BYTES)
        together.seek(0)
        return keep(home, TOGETHER, together)


def _free_place(archive: zipfile.ZipFile, name: str) -> str:
    """Where a file goes in an archive: its folders and its name, each of them plain."""
    parts = [part for part in name.replace("\\", "/").split("/") if part.strip(". ")]
    *folders, last = [uploads.clean_name(part) for part in parts] or ["upload"]
    place, number = PurePosixPath(*folders, last), 2
    while str(place) in archive.NameToInfo:
        place, number = PurePosixPath(*folders, f"{Path(last).stem}-{number}{Path(last).suffix}"), number + 1
    return str(place)


def discard(path: Path) -> None:
    """Remove an upload, its folder, and the folder of uploads where it is empty."""
    path.unlink(missing_ok=True)
    if path.parent.parent.name == FOLDER:
        with contextlib.suppress(OSError):
            path.parent.rmdir()
            path.parent.parent.rmdir()


def clear(home: Home) -> None:
    """Remove the uploads of which no waiting or running job speaks."""
    from . import Jobs  # it imports this module's package

    folder = uploads.place(home, FOLDER)
    with contextlib.suppress(OSError):
        left = [upload for upload in folder.iterdir() if time.time() - upload.stat().st_mtime > STARTING_SECONDS]
        needed = {Path(str(job.fields.get("source", ""))).parent for job in Jobs(home).active()} if left else set()
        for upload in left:
            if upload not in needed:
                shutil.rmtree(upload, ignore_errors=True)
