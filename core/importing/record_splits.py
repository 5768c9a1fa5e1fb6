"""The split of each record: by what it says itself, the file that it is in, or a folder in its key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..base.units import counted
from ..sources.folder_names import SPLIT_WORDS
from .record_listing import RecordListing

TRAIN = "train"

ALL_ALIKE = {"none": TRAIN, **SPLIT_WORDS}
"""What may be asked for instead of a field: nothing says a split, or all records are of one."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

Said = Mapping[tuple[int, str | None], int]
"""(part, split) -> records."""


class RecordSplits:
    """asked: "" (what the file says), "none" (all are train), a split's name (all are that), or a field that says it,
    which records then say."""

    def __init__(self, parts: Sequence[str | None], asked: str, folders: Said) -> None:
        """parts: the split that the name of each part says; folders: those that keys say."""
        self._all = ALL_ALIKE.get(asked.lower())
        self._parts = parts
        without = {part for part, split in folders if split is None}
        self._by_folder = {part for part, _ in folders} - without

    def split_of(self, part: int, said: str | None, folder: str | None) -> str:
        """Folders count where every key of the part has one. What says nothing is train."""
        if self._all is not None:
            return self._all
        by_folder = folder if part in self._by_folder else None
        split = said or self._parts[part] or by_folder or TRAIN
        return split if _NAME.fullmatch(split) else TRAIN


def make_splits(listing: RecordListing, are_classes: bool, fraction: float, seed: int) -> list[str]:
    """A validation split where there is none: the test images, where their labels are classes; of training images alone
    this part of each class, drawn by the listing's `seed`. What was done, in sentences."""
    counts, notes = listing.counts(), []
    if {TRAIN, "test"} <= counts.keys() and "val" not in counts and are_classes:
        listing.rename_split("test", "val")
        notes.append(f"no validation split: the {counts['test']:,} test images serve as val")
    elif set(counts) == {TRAIN} and fraction:
        listing.draw_validation(fraction)
        if drawn := listing.counts().get("val", 0):
            notes.append(
                f"no validation split: {drawn:,} of {counted(counts[TRAIN], 'image')} were drawn for val, "
                f"{fraction:.0%} of each class (seed {seed})"
            )
    if TRAIN not in counts:
        notes.append(f"there are no training images, only {' and '.join(counts)}")
    return notes
