"""A folder at an address as a folder here: a stand-in for each object, of its name and size and without its bytes.

Stand-ins take no space on the disk (they are holes), so all that recognises splits, classes and label files by what
lies where works on them as on any folder. Label files are fetched, and so are the first images of a few folders, which
are looked at to tell masks. A stand-in's time is made of the object's version: another version is another time.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import xxhash

from ..base.contracts import Skipped
from ..base.errors import FULL_OR_READ_ONLY, InputError
from ..base.events import Event, Pace, Progress
from ..base.units import size_text
from ..remote.address import check_path, join, shown
from ..remote.files import ObjectRange, RemoteFiles
from ..remote.settings import SMALL_FILES
from ..remote.traffic import Traffic
from ..remote.transport import RemoteEntry
from .listed import MAX_FILE_BYTES
from .masks import LOOKED_AT, MOST_FOLDERS
from .recognise import LABEL_FILES
from .request import Patience
from .tree import IMAGE_ENDINGS

TABLE_BYTES, TABLES_A_FOLDER, TABLES = 64 << 20, 20, 500
"""Label files that are fetched: no larger ones, and not more in a folder and in all."""

FEW_FOLDERS = 4 * MOST_FOLDERS
"""Up to so many folders (of several splits) are looked into for masks, in images of up to `LOOKED_INTO` bytes."""

LOOKED_INTO = 4 << 20

BATCH_BYTES = 16 << 20
"""Of images that are read together."""


@dataclass
class RemoteListing:
    """What was listed: `objects` and their `bytes`; `skipped`: names that cannot be those of files here; `whole`:
    whether it is all."""

    objects: int = 0
    bytes: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    whole: bool = True


@dataclass(frozen=True)
class RemoteTree:
    """Stand-ins in `folder` for what lies at `address`. Travels to worker processes."""

    folder: str
    address: str

    def path(self, file: str) -> str:
        """The path below the address that a stand-in stands for; "" for a file that is none."""
        return file[len(self.folder) + 1 :] if file.startswith(f"{self.folder}/") else ""

    def called(self, text: str) -> str:
        """A sentence with the address in the place of the folder."""
        return text.replace(self.folder, shown(self.address))

    def read(self, files: Sequence[tuple[str, int]], most: int | None = None) -> tuple[list[bytes], Traffic]:
        """The bytes of several objects by their stand-ins and sizes, of each the first `most`, and what that took.

        Raises RemoteError naming the object that cannot be read, or has another size than was listed.
        """
        wanted = []
        for file, size in files:
            wanted.append(ObjectRange(self.path(file), 0, size if most is None else min(most, size), size=size))
        remote = RemoteFiles(self.address, SMALL_FILES)
        return remote.read_many(wanted), remote.traffic

    def batches(self, files: Sequence[tuple[str, int]]) -> Iterator[Sequence[tuple[str, int]]]:
        """Files in groups that memory can hold."""
        begin, size = 0, 0
        for number, (_, bytes_of_it) in enumerate(files):
            size += bytes_of_it
            if size >= BATCH_BYTES:
                yield files[begin : number + 1]
                begin, size = number + 1, 0
        yield files[begin:]


def make_tree(tree: RemoteTree, remote: RemoteFiles, patience: Patience | None) -> Iterator[Event | RemoteListing]:
    """Lists the address and makes the stand-ins; ends with the `RemoteListing`. With `patience` only a part is listed.

    Raises RemoteError, and InputError where nothing is there.
    """
    listing, pace = RemoteListing(), Pace()
    first = _First()
    Path(tree.folder).mkdir(parents=True)
    for entry in remote.listing():
        if patience is not None and patience.is_over(listing.objects):
            listing.whole = False
            break
        refused = _stand_in(tree, entry)
        if refused:
            listing.skipped.append(Skipped(shown(join(tree.address, entry.path)), refused))
            continue
        listing.objects += 1
        listing.bytes += entry.size
        first.note(entry)
        if pace.due():
            yield Progress("listing", listing.objects, None)
    if not listing.objects:
        raise InputError(f"there is nothing at {shown(tree.address)}: neither an object nor any below it")
    for some in _grouped(first.wanted()):
        data = remote.read_many([ObjectRange(one.path, 0, one.size, one.version, one.size) for one in some])
        for entry, content in zip(some, data, strict=True):
            Path(tree.folder, entry.path).write_bytes(content)
            _set_time(tree, entry)
    yield listing


class _First:
    """Which objects are to be fetched: label files, and the first images of each folder where these are few."""

    def __init__(self) -> None:
        self._tables: list[RemoteEntry] = []
        self._tables_in: Counter[str] = Counter()
        self._images: dict[str, list[RemoteEntry]] = defaultdict(list)

    def note(self, entry: RemoteEntry) -> None:
        folder, _, name = entry.path.rpartition("/")
        ending = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name, not a path
        if ending in (*LABEL_FILES, ".parquet") and entry.size <= TABLE_BYTES:
            self._tables_in[folder] += 1
            if self._tables_in[folder] <= TABLES_A_FOLDER and len(self._tables) < TABLES:
                self._tables.append(entry)
        elif ending in IMAGE_ENDINGS and len(self._images) <= FEW_FOLDERS and len(self._images[folder]) < LOOKED_AT:
            self._images[folder].append(entry)

    def wanted(self) -> list[RemoteEntry]:
        few = len(self._images) <= FEW_FOLDERS and len(self._images) > 1
        images = [one for found in self._images.values() for one in found if one.size <= LOOKED_INTO] if few else []
        return [*self._tables, *images]


def _grouped(entries: Sequence[RemoteEntry]) -> Iterator[list[RemoteEntry]]:
    group: list[RemoteEntry] = []
    for entry in entries:
        group.append(entry)
        if sum(one.size for one in group) >= BATCH_BYTES:
            yield group
            group = []
    if group:
        yield group


def _stand_in(tree: RemoteTree, entry: RemoteEntry) -> str:
    """Make one; in words why it cannot be."""
    try:
        path = Path(tree.folder, check_path(entry.path))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.truncate(min(entry.size, MAX_FILE_BYTES + 1))
        _set_time(tree, entry)
    except InputError:
        return "its name has empty parts, '.' or '..', and cannot be that of a file"
    except (FileExistsError, NotADirectoryError):
        return "there is a folder of the same name, or one of its folders has the name of an object"
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in FULL_OR_READ_ONLY:
            raise
        return "its name cannot be that of a file here"
    return "" if entry.size <= MAX_FILE_BYTES else f"{size_text(entry.size)}: not taken for an image"


def _set_time(tree: RemoteTree, entry: RemoteEntry) -> None:
    at = xxhash.xxh3_64_intdigest(entry.version.encode("utf-8", "surrogatepass")) >> 4
    os.utime(Path(tree.folder, entry.path), ns=(at, at))
