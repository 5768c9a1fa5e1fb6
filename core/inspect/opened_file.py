"""A file as the reader process has it open: its records, and what requests have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ..base.contracts import Buffer, Labels, Pixels
from ..base.errors import InputError
from ..images.pixels import resize
from . import limits
from .arrays import flat
from .describe import HEAD_BYTES, WARNING, WHY, describe, describe_fully, shortened
from .display import Choice
from .kinds import KINDS
from .records import UNREADABLE, File, Record
from .schemas import choices, understand

FIRST_KEYS = 10


class OpenedFile:
    """One open file, understood. Raises InputError where it is not."""

    def __init__(self, kind: str, path: str, schema: str | None) -> None:
        self.file = open_file(kind, Path(path))
        self.schema, self.records = understand(self.file, schema)

    @cached_property
    def numbers(self) -> Labels | None:
        """The class numbers of all records, where they are kept together."""
        return self.records.numbers()

    def summary(self) -> dict[str, Any]:
        """Everything about the file as a whole."""
        records = self.records
        total = len(records)
        keys, problems = self._first_keys(min(total, FIRST_KEYS))
        return {
            "kind": self.file.kind,
            "schema": self.schema,
            "why": shortened(records.why, WHY),
            "entries": total,
            "keys": keys,
            "classes": None if records.classes is None else list(records.classes),
            "structure": dict(self.file.structure()),
            "warnings": [shortened(one, WARNING) for one in (*self.file.warnings(), *records.warnings, *problems)],
            "schemas": choices(self.file),
        }

    def described(self, record: Record) -> tuple[dict[str, Any], list[Buffer]]:
        """A record in full, the first bytes of its payload, and its pixels, if it has some."""
        blobs: list[Buffer] = [record.payload[:HEAD_BYTES]]
        if record.pixels is not None:
            blobs.append(flat(record.pixels))
        return describe_fully(record, self.records), blobs

    @contextlib.contextmanager
    def drawing(self, choice: Choice) -> Iterator[None]:
        """Pictures are drawn as it is asked for, in this request only."""
        try:
            self.file.choice = choice
            yield
        finally:
            self.file.choice = Choice()

    def cell(self, index: int, box: int) -> tuple[dict[str, Any], Pixels | None]:
        """A record in brief, and its pixels made to fit a square of `box` pixels."""
        try:
            record = self.records.read(index)
        except UNREADABLE as error:
            return {"index": index, "key": f"#{index}", "problem": limits.sentence(error)}, None
        about = describe(record, self.records)
        pixels = None if record.pixels is None else _fitted(record.pixels, box)
        shape = None if pixels is None else list(pixels.shape)
        return {"index": index, **about, "thumbnail": shape}, pixels

    def problem(self, index: int) -> dict[str, str] | None:
        """The key of a record that does not decode, and the reason; None for one that does."""
        key = f"#{index}"
        try:
            key = self.records.key(index)
            record = self.records.read(index)
        except MemoryError:
            return {"key": key, "reason": "it needs more memory than a reader may use"}
        except UNREADABLE as error:
            return {"key": key, "reason": limits.sentence(error)}
        return {"key": key, "reason": record.problem} if record.problem is not None else None

    def position(self, index: int | None, key: str | None) -> int:
        """The index of a key, or of an index that may be negative. Raises InputError where there is none."""
        total = len(self.records)
        if key is not None:
            found = self.records.find(key)
            if found is None:
                raise InputError(f"there is no key {key!r} in this file; its first is {self.records.key(0)!r}")
            return found
        position = index or 0
        if not -total <= position < total:
            raise InputError(f"there is no entry {position}: this file has {total:,} (0 to {max(total - 1, 0):,})")
        return position % total

    def _first_keys(self, count: int) -> tuple[list[str], list[str]]:
        keys: list[str] = []
        try:
            for index in range(count):
                keys.append(self.records.key(index))
        except (ValueError, IndexError, OSError) as error:
            return keys, [f"key {len(keys)} cannot be read: {limits.sentence(error)}"]
        return keys, []


def open_file(kind: str, path: Path) -> File:
    """The reader of this kind of file. Libraries are imported only for the kind that needs them."""
    if not KINDS[kind].available():
        raise InputError(f"reading {path} needs a library that is missing: {KINDS[kind].install_hint}")
    opened: Callable[[Path], File] = KINDS.load(kind)
    return opened(path)


def _fitted(pixels: Pixels, box: int) -> Pixels:
    """The pixels, made smaller where they exceed the box; never larger."""
    height, width, _ = pixels.shape
    scale = box / max(height, width)
    return pixels if scale >= 1 else resize(pixels, max(round(height * scale), 1), max(round(width * scale), 1))
