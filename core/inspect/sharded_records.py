"""The records of several files that are one, see `sharded`: one shard after the other.

Keys begin with the shard's name, so that they tell where a record lies, and are unique.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from ..base.contracts import Labels
from ..base.errors import InputError
from .findings import merged
from .first_label import labels_from_one
from .limits import sentence
from .records import UNREADABLE, Diagnosed, Fielded, Finding, Label, Naming, Parted, Record, Records
from .splits import split_in_name

if TYPE_CHECKING:
    from .sharded import ShardedFile

MOST_WARNINGS = 20
OPENING_SECONDS = 11.0
NUMBERS_SECONDS = 8.0
DUPLICATES_SECONDS = 1.0

REWRITE = "write the file again, or leave it out of the set"


OF_ALL = frozenset(("labels-from-1", "one-file"))
"""Findings that a shard alone cannot tell: others may have a class 0, or are there."""


class ShardedRecords:
    """The records of all shards, one shard after the other."""

    def __init__(self, file: ShardedFile) -> None:
        self.file = file
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self.findings: list[Finding] = []
        self.why = ""
        self._ends = list(accumulate(self._lengths()))
        self.findings = merged([*self.findings, *self._broken(), *self._duplicates(), *self._labels()])

    def _lengths(self) -> Iterator[int]:
        """The number of records of each shard. Raises InputError where opening them takes longer than a request may."""
        end = time.monotonic() + OPENING_SECONDS
        for number in range(self.file.reached):
            if time.monotonic() > end:
                raise InputError(
                    f"{self.file.path} is {len(self.file.paths):,} files, of which {number:,} were opened in "
                    f"{OPENING_SECONDS:g} s; give a pattern of fewer, such as {self.file.paths[0].parent / 'NAME-00*'}"
                )
            yield self._begin(number)

    def _begin(self, number: int) -> int:
        """The number of records of a shard, with what it says of itself."""
        try:
            shard = self.file.shard(number)
            length = len(shard.records)
        except UNREADABLE as error:
            if number < self.file.whole:
                self.file.broken.setdefault(number, sentence(error))
            return 0
        name = self.file.paths[number].name
        if not self.why:
            count, last = len(self.file.paths), self.file.paths[-1].name
            several = f"{count:,} files as one ({self.file.paths[0].name} to {last}), each read by itself; the first: "
            self.why = f"{several if count > 1 else ''}{shard.records.why}"
        self.classes = self.classes or shard.records.classes
        told = [*shard.file.warnings(), *shard.records.warnings]
        self.warnings += [f"{name}: {text}" for text in told][: MOST_WARNINGS - len(self.warnings)]
        for part in (shard.file, shard.records):
            if isinstance(part, Diagnosed):
                self.findings += [_in_shard(one, name) for one in part.findings if one.kind not in OF_ALL]
        return length

    def _broken(self) -> Iterator[Finding]:
        for number, reason in self.file.broken.items():
            meaning = "the file cannot be read, and none of its records is shown"
            yield Finding("shard-unreadable", 1, f"{self.file.paths[number].name}: {reason}", meaning, REWRITE)

    def _labels(self) -> Iterator[Finding]:
        """What the labels of all shards tell, once all are known."""
        return labels_from_one(self) if self.file.whole == len(self.file.paths) else iter(())

    def _duplicates(self) -> Iterator[Finding]:
        """Keys that several shards have, as far as there is time to look; only where keys are names."""
        seen: dict[str, int] = {}
        twice: Counter[str] = Counter()
        deadline = time.monotonic() + DUPLICATES_SECONDS
        for number in range(len(self._ends)):
            if number in self.file.broken or time.monotonic() > deadline:
                continue
            records = self.file.shard(number).records
            if not getattr(records, "named_keys", False):
                return
            for index in range(len(records)):
                other = seen.setdefault(key := records.key(index), number)
                twice[key] += other != number
                if index % 1024 == 0 and time.monotonic() > deadline:
                    break
        twice = +twice
        if twice:
            keys = ", ".join(list(twice)[:5])
            meaning = "several shards have a record of the same key, as the same samples written twice do"
            remedy = "compare two of them; where they are the same, write the shards again without the copies"
            yield Finding("duplicate-keys", len(twice), keys, meaning, remedy)

    # ---- records

    @property
    def field_names(self) -> Sequence[str]:
        """Those of the first shard that has records."""
        records = self._first
        return records.field_names if isinstance(records, Fielded) else []

    @property
    def _first(self) -> Records | None:
        number = next((number for number, end in enumerate(self._ends) if end), None)
        return None if number is None else self.file.shard(number).records

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _at(self, index: int) -> tuple[str, Records, int]:
        """(name of the shard, its records, index there). Raises ValueError, which names the shard."""
        number, inner = self.shard_of(index)
        name = self.file.paths[number].name
        try:
            records = self.file.shard(number).records
        except UNREADABLE as error:
            raise ValueError(f"{name}: {sentence(error)}") from None
        return name, records, inner

    def shard_of(self, index: int) -> tuple[int, int]:
        """(number of the shard, index in it) of a record."""
        number = bisect_right(self._ends, index)
        return number, index - (self._ends[number - 1] if number else 0)

    def key(self, index: int) -> str:
        name, records, place = self._at(index)
        return f"{name}:{records.key(place)}"

    def find(self, key: str) -> int | None:
        """By the key with its shard's name; else by that alone, in the first shard that has it."""
        for number, path in enumerate(self.file.paths[: len(self._ends)]):
            if key.startswith(f"{path.name}:"):
                return self._found(number, key[len(path.name) + 1 :])
        found = (self._found(number, key) for number in range(len(self._ends)))
        return next((index for index in found if index is not None), None)

    def _found(self, number: int, key: str) -> int | None:
        if number in self.file.broken:
            return None
        place = self.file.shard(number).records.find(key)
        return None if place is None else place + (self._ends[number - 1] if number else 0)

    def read(self, index: int) -> Record:
        name, records, place = self._at(index)
        try:
            record = records.read(place)
        except UNREADABLE as error:
            raise ValueError(f"{name}: {sentence(error)}") from None
        findings = tuple(_in_shard(one, name) for one in record.findings)
        return replace(record, key=f"{name}:{record.key}", findings=findings)

    def label(self, index: int) -> Label:
        _, records, place = self._at(index)
        return records.label(place)

    def split(self, index: int) -> str | None:
        """What the records of the shard say, else the shard's name."""
        name, records, place = self._at(index)
        said = records.split(place) if isinstance(records, Parted) else None
        return said or split_in_name(name)

    @property
    def class_name_field(self) -> str | None:
        """See `records.Naming`: that of the first shard that has records."""
        records = self._first
        return records.class_name_field if isinstance(records, Naming) else None

    def class_name(self, index: int) -> str | None:
        _, records, place = self._at(index)
        return records.class_name(place) if isinstance(records, Naming) else None

    def numbers(self) -> Labels | None:
        return self._numbers

    @cached_property
    def _numbers(self) -> Labels | None:
        """Those of all shards, where each keeps them together and there is time to read them."""
        found: list[Labels] = []
        deadline = time.monotonic() + NUMBERS_SECONDS
        for number in range(len(self._ends)):
            if number in self.file.broken:
                continue
            numbers = self.file.shard(number).records.numbers()
            if numbers is None or time.monotonic() > deadline:
                return None
            found.append(numbers)
        return np.concatenate(found) if found else None


def _in_shard(finding: Finding, name: str) -> Finding:
    return replace(finding, where=f"{name}: {finding.where}" if finding.where else name)
