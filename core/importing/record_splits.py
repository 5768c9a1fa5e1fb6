"""The split of each record: by what it says itself, the file that it is in, or a folder in its key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..sources.folder_names import SPLIT_ORDER, SPLIT_WORDS

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


def in_split_order(splits: Sequence[str]) -> list[str]:
    """train, val and test first."""
    known = {split: place for place, split in enumerate(SPLIT_ORDER)}
    return sorted(splits, key=lambda split: (known.get(split, len(known)), split))
