"""Going on with an import that was killed: what it leaves for that, and what of it can be kept.

In the folder of its claim (`base.staging`) lie the source's listing, the dataset's files and index so far, and a file
that says which import it is. The next import of the same name takes all of it, if it is the same in every respect.
Chunk by chunk the source's files are looked at then: up to the first one that has another size or time than it had,
what was imported is kept; the rest is imported.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from ..base import checksums
from ..base.contracts import Row, Skipped
from ..base.files import Unreadable, read_object, write_whole
from ..base.source_contracts import FoundImage
from ..base.staging import MARKER
from ..base.strict_json import dumps, plain
from .chunks import Chunks
from .keeping import stamp_of
from .resumable_index import ChunkNote, ResumableIndex

BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Another one each time Linux starts: what was written before may not have reached the disk."""

BOOTED = "booted"


def marked(folder: Path, told: Mapping[str, Any]) -> None:
    """Note in a claim's folder that the import `told` can be gone on with from here."""
    write_whole(folder / MARKER, dumps({**told, BOOTED: _booted()}).encode())


def touched(folder: Path) -> None:
    """Note that work was done there just now."""
    with suppress(OSError):
        os.utime(folder / MARKER)


def is_of(folder: Path, told: Mapping[str, Any]) -> bool:
    """Whether the import `told` can be gone on with from what lies in a claim's folder."""
    try:
        there = read_object(folder / MARKER)
    except Unreadable:
        return False
    there.pop(BOOTED, None)
    return bool(there == plain(told))


def was_rebooted(folder: Path) -> bool:
    """Whether the machine has been started again since the import was killed, or that cannot be known."""
    try:
        return bool(read_object(folder / MARKER).get(BOOTED) != _booted()) or not _booted()
    except Unreadable:
        return True


def _booted() -> str:
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""


def remove_all(root: Path) -> None:
    """Remove what cannot be gone on with."""
    if root.exists():
        shutil.rmtree(root)


class KeptRows:
    """What can be kept of a killed import's images: the `images` that are still to be imported, how many were `given`
    before, and the `state` that was noted then."""

    def __init__(
        self,
        index: ResumableIndex,
        chunks: Chunks,
        images: Iterator[FoundImage | Skipped],
        splits: list[str],
        copies: Path | None,
    ) -> None:
        """`copies`: the dataset's folder, where its files are to be compared with their checksums."""
        self.given = 0
        self.images = images
        self._index, self._chunks, self._copies = index, chunks, copies
        rows: dict[str, int] = {}
        for note in index.notes():
            chunk = list(islice(images, note.given - self.given))
            after = self._same(note, chunk, rows)
            if after is None:
                self.images = _chained(chunk, images)
                break
            rows, self.given = after, note.given
        self.state = index.cut(self.given, splits)

    def _same(self, note: ChunkNote, chunk: list[FoundImage | Skipped], rows: dict[str, int]) -> dict[str, int] | None:
        """The numbers of rows up to the end of a chunk, if its files are what they were."""
        if len(chunk) != note.given - self.given:
            return None
        again = self._chunks.all_of(chunk)
        if stamp_of(again.given) ^ again.meaning() != note.stamp:
            return None
        after: dict[str, int] = self._index.state(note.given)["rows"]
        if self._copies is not None:
            for split, stop in after.items():
                if not all(_is_whole(self._copies, row) for row in self._index.rows(split, rows.get(split, 0), stop)):
                    return None
        return after


def _is_whole(root: Path, row: Row) -> bool:
    try:
        return checksums.of_bytes((root / row.path).read_bytes()) == row.checksum
    except OSError:
        return False


def _chained(
    chunk: list[FoundImage | Skipped], images: Iterator[FoundImage | Skipped]
) -> Iterator[FoundImage | Skipped]:
    yield from chunk
    yield from images


def remove_strangers(root: Path, index: ResumableIndex, splits: list[str]) -> None:
    """Remove the files of a dataset in the making that no row speaks of: their rows were not committed."""
    for split in splits:
        known = set()
        for folder, names in index.files_of(split):
            known.add(root / folder)
            _keep_only(root / folder, names)
        for stranger in set((root / split).glob("*")) - known:
            _keep_only(stranger, set())


def _keep_only(folder: Path, names: set[str]) -> None:
    for entry in os.scandir(folder):
        if entry.name not in names:
            Path(entry.path).unlink()
