"""The reader process: `python -m core.inspect.reader` opens one file and answers what is asked of it.

It talks through its standard input and output (see `wire`), is held to limits of memory, time and files (see `limits`),
and writes nothing. A file that kills it costs the caller a message.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from ..base.contracts import Buffer, Labels, Pixels
from ..base.errors import InputError
from ..images.pixels import resize
from . import limits, search, wire
from .arrays import flat
from .describe import HEAD_BYTES, WARNING, WHY, describe, describe_fully, shortened
from .display import Choice
from .kinds import KINDS
from .records import UNREADABLE, Chunked, File, Label, Paged
from .schemas import choices, understand
from .search import label_or_none
from .size_estimate import encoded_sizes

FIRST_KEYS = 10
SCAN_SECONDS = 1.0

Answer = tuple[dict[str, Any], list[Buffer]]


class Reader:
    """One open file and the requests it answers. Each method that is no helper is a request's name."""

    def __init__(self, kind: str, path: str, schema: str | None) -> None:
        self._file = open_file(kind, Path(path))
        self._schema, self._records = understand(self._file, schema)

    def summary(self) -> Answer:
        """Everything about the file as a whole."""
        records = self._records
        total = len(records)
        keys, problems = self._first_keys(min(total, FIRST_KEYS))
        about = {
            "kind": self._file.kind,
            "schema": self._schema,
            "why": shortened(records.why, WHY),
            "entries": total,
            "keys": keys,
            "classes": None if records.classes is None else list(records.classes),
            "structure": dict(self._file.structure()),
            "warnings": [shortened(one, WARNING) for one in (*self._file.warnings(), *records.warnings, *problems)],
            "schemas": choices(self._file),
        }
        return about, []

    def entries(self) -> Answer:
        """How many records there are, without what else there is to say about the file."""
        return {"entries": len(self._records)}, []

    def sample(self, index: int | None = None, key: str | None = None, choice: Any = None) -> Answer:
        """One record, with its pixels, drawn as `choice` (a `display.Choice`) says, and its payload's first bytes."""
        with self._drawing(choice):
            record = self._records.read(self._resolve(index, key))
        about = describe_fully(record, self._records)
        blobs: list[Buffer] = [record.payload[:HEAD_BYTES]]
        if record.pixels is not None:
            blobs.append(flat(record.pixels))
        return about, blobs

    def payload(self, index: int) -> Answer:
        """The bytes of one record as they lie in the file."""
        return {}, [self._records.read(self._resolve(index, None)).payload]

    def find(self, key: str) -> Answer:
        """The index of a key, or None."""
        return {"index": self._records.find(key)}, []

    def labels(self, start: int, stop: int) -> Answer:
        """The labels of some records, None for those that cannot be read."""
        return {"labels": [label_or_none(self._records, index) for index in range(start, stop)]}, []

    def numbers(self) -> Answer:
        """The class numbers of all records as one blob of int64, or no blob where they are not kept together."""
        numbers = self._numbers
        return {}, [] if numbers is None else [np.ascontiguousarray(numbers, "<i8").tobytes()]

    def census(self, seconds: float) -> Answer:
        """How often each label occurs (`search.Census`), sampled where counting takes longer."""
        return dataclasses.asdict(search.census(self._records, self._numbers, seconds)), []

    def matching(self, key: str | None, how: str, label: Label, start: int, seconds: float, most: int) -> Answer:
        """The positions of records that match, as a blob of int64, and how far the search came (`end`)."""
        wanted = search.Wanted(key, how, label)
        found, end = search.matching(self._records, self._numbers, wanted, start, seconds, most)
        return {"end": end}, [found.astype("<i8").tobytes()]

    def encoded_sizes(self, indices: list[int], seconds: float) -> Answer:
        """Sizes of some images in other encodings (`size_estimate.encoded_sizes`)."""
        return {"rows": encoded_sizes(self._records, indices, seconds)}, []

    def chunk_map(self, name: str) -> Answer:
        """Where the chunks of an HDF5 dataset lie in the file."""
        if not isinstance(self._file, Chunked):
            raise InputError(f"a file of the kind {self._file.kind} has no chunks")
        return dict(self._file.chunk_map(name)), []

    def page_map(self, cells: int) -> Answer:
        """Which kinds of pages an LMDB has where."""
        if not isinstance(self._file, Paged):
            raise InputError(f"a file of the kind {self._file.kind} has no pages")
        return dict(self._file.page_map(cells)), []

    @cached_property
    def _numbers(self) -> Labels | None:
        return self._records.numbers()

    def cells(self, indices: list[int], box: int, choice: Any = None) -> Answer:
        """Some records with their pixels made to fit a square of `box` pixels: a blob each, empty for no image."""
        cells: list[dict[str, Any]] = []
        blobs: list[Buffer] = []
        with self._drawing(choice):
            for index in indices:
                cell, pixels = self._cell(index, box)
                cells.append(cell)
                blobs.append(b"" if pixels is None else flat(pixels))
        return {"cells": cells}, blobs

    @contextlib.contextmanager
    def _drawing(self, choice: Any) -> Iterator[None]:
        """Pictures are drawn as it is asked for, in this request only. None: as they are best drawn."""
        try:
            self._file.choice = Choice.from_json(choice)
            yield
        finally:
            self._file.choice = Choice()

    def _cell(self, index: int, box: int) -> tuple[dict[str, Any], Pixels | None]:
        try:
            record = self._records.read(index)
        except UNREADABLE as error:
            return {"index": index, "key": f"#{index}", "problem": limits.sentence(error)}, None
        about = describe(record, self._records)
        pixels = None if record.pixels is None else _fitted(record.pixels, box)
        shape = None if pixels is None else list(pixels.shape)
        return {"index": index, **about, "thumbnail": shape}, pixels

    def scan(self, start: int, stop: int) -> Answer:
        """Decode records for about a second: which was the last, how many are well, and which are not."""
        deadline = time.monotonic() + SCAN_SECONDS
        bad: list[dict[str, str]] = []
        end = start
        while end < stop and time.monotonic() < deadline:
            problem = self._problem(end)
            bad += [problem] if problem is not None else []
            end += 1
        return {"end": end, "decoded": end - start - len(bad), "bad": bad}, []

    def _problem(self, index: int) -> dict[str, str] | None:
        key = f"#{index}"
        try:
            key = self._records.key(index)
            record = self._records.read(index)
        except MemoryError:
            return {"key": key, "reason": "it needs more memory than a reader may use"}
        except UNREADABLE as error:
            return {"key": key, "reason": limits.sentence(error)}
        return {"key": key, "reason": record.problem} if record.problem is not None else None

    def _first_keys(self, count: int) -> tuple[list[str], list[str]]:
        keys: list[str] = []
        try:
            for index in range(count):
                keys.append(self._records.key(index))
        except (ValueError, IndexError, OSError) as error:
            return keys, [f"key {len(keys)} cannot be read: {limits.sentence(error)}"]
        return keys, []

    def _resolve(self, index: int | None, key: str | None) -> int:
        total = len(self._records)
        if key is not None:
            found = self._records.find(key)
            if found is None:
                raise InputError(f"there is no key {key!r} in this file; its first is {self._records.key(0)!r}")
            return found
        position = index or 0
        if not -total <= position < total:
            raise InputError(f"there is no entry {position}: this file has {total:,} (0 to {max(total - 1, 0):,})")
        return position % total


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


REQUESTS: Mapping[str, Callable[..., Answer]] = {
    "summary": Reader.summary,
    "entries": Reader.entries,
    "sample": Reader.sample,
    "payload": Reader.payload,
    "find": Reader.find,
    "labels": Reader.labels,
    "numbers": Reader.numbers,
    "census": Reader.census,
    "matching": Reader.matching,
    "encoded_sizes": Reader.encoded_sizes,
    "chunk_map": Reader.chunk_map,
    "page_map": Reader.page_map,
    "cells": Reader.cells,
    "scan": Reader.scan,
}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more. The first one opens the file."""
    reader: Reader | None = None
    while (message := wire.receive(requests)) is not None:
        request, _ = message
        try:
            name = str(request.pop("request"))
            if name == "open":
                reader = Reader(**request)
                answer: Answer = ({}, [])
            else:
                answer = REQUESTS[name](cast("Reader", reader), **request)
        except MemoryError:
            answer = _over_the_limit(limits.TOO_MUCH_MEMORY)
        except ImportError:
            raise  # our own fault or the installation's, never the file's
        except Exception as error:  # noqa: BLE001 - a hostile file can bring any library to raise anything
            answer = ({"error": limits.sentence(error), "input": isinstance(error, InputError)}, [])
        try:
            wire.send(answers, *answer)
        except wire.TooLarge as error:
            wire.send(answers, *_over_the_limit(str(error)))
        except MemoryError:
            wire.send(answers, *_over_the_limit(limits.TOO_MUCH_MEMORY))


def _over_the_limit(reason: str) -> Answer:
    """The answer that says that a limit of ours was reached, which is no fault of the file."""
    return {"error": reason, "limit": True}, []


def _import_all() -> None:
    """Import what reads each kind of file, while there is none yet. What is missing here is named once it is needed."""
    for kind in KINDS:
        with contextlib.suppress(ImportError, InputError):
            KINDS.load(kind)


def main() -> None:
    """Set the limits, then serve. Whatever a library prints goes to standard error, never among the answers."""
    limits.apply()
    answers = wire.claim_stdout()
    if "--ahead" in sys.argv[1:]:
        _import_all()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
