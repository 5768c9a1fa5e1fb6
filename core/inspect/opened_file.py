"""A file as the reader process has it open: its records, and what requests have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..base.contracts import Buffer, Labels, Pixels
from ..base.errors import InputError
from . import kept_index, limits
from .arrays import flat
from .describe import HEAD_BYTES, WARNING, WHY, describe, describe_fully, shortened
from .display import Choice
from .findings import merged
from .key_index import KeyIndex
from .kinds import KINDS
from .records import UNREADABLE, Diagnosed, Fielded, File, Finding, Indexed, Naming, ReadsAhead, Record, Records
from .remote.location import RemotePath, located
from .schemas import choices, understand
from .search import keys_of
from .sharded import ShardedFile
from .small_pictures import Shapes, read_small

if TYPE_CHECKING:
    from .places.form import ImagePlaces

FIRST_KEYS = 10

FIRST_STEP = 0.5
"""Seconds that a file which must be walked through is walked through at once; most are done by then."""

REMOTE_STEP = 0.01
"""The same of one at an address, where each record may cost a request: it walks on when more is asked for."""

INCOMPLETE = "its records are found by walking through the file once, and only those up to there are shown"
GO_ON = "give the same command again, which goes on from there, or scan the file, which walks through all of it"
GO_ON_REMOTELY = "ask for a later record, which walks as far as that, or scan the file, which walks through all of it"


class OpenedFile:
    """One open file, understood. Raises InputError where it is not."""

    def __init__(
        self,
        kind: str,
        path: str,
        schema: str | None,
        paths: Sequence[str] = (),
        notes: Sequence[str] = (),
        index: str | None = None,
    ) -> None:
        """`paths`, `notes`: of several files that are one; `index`: what a walk through the file has noted before."""
        self.file = open_file(kind, located(path), [located(one) for one in paths], notes)
        self._wanted = schema
        self._remote = isinstance(located(path), RemotePath)
        self._walks = KINDS[kind].index > 0 and isinstance(self.file, Indexed)
        self.walked: tuple[int, int] | None = None
        if self._walks and index is not None:
            self._use_index(kind, path, paths, notes, index)
        self.walk(REMOTE_STEP if self._remote else FIRST_STEP)
        if self.complete:
            self._understood  # noqa: B018 - what is wrong with the file is said when it is opened

    def _use_index(self, kind: str, path: str, paths: Sequence[str], notes: Sequence[str], index: str) -> None:
        """Go on from a kept index; from the beginning where it is none of this file's."""
        try:
            cast("Indexed", self.file).use_index(kept_index.read(Path(index)))
        except UNREADABLE:
            self.file = open_file(kind, located(path), [located(one) for one in paths], notes)

    def walk(self, seconds: float) -> tuple[int, int] | None:
        """Walk on through a file that is indexed: (done, total) in bytes; None for any other file."""
        if self._walks:
            before = self.walked
            self.walked = cast("Indexed", self.file).index_step(seconds)
            if self.walked != before:
                for name in ("_understood", "numbers", "keys", "image_places"):
                    self.__dict__.pop(name, None)
        return self.walked

    @property
    def complete(self) -> bool:
        """Whether all of the file was walked through; any other file is complete."""
        return self.walked is None or self.walked[0] >= self.walked[1]

    @cached_property
    def _understood(self) -> tuple[str, Records]:
        if isinstance(self.file, ShardedFile):
            return self.file.understood(self._wanted)
        return understand(self.file, self._wanted)

    @property
    def schema(self) -> str:
        return self._understood[0]

    @property
    def records(self) -> Records:
        return self._understood[1]

    @cached_property
    def numbers(self) -> Labels | None:
        """The class numbers of all records, where they are kept together."""
        return self.records.numbers()

    @cached_property
    def keys(self) -> KeyIndex:
        """The keys of records that search them no faster themselves; each is read once."""
        return keys_of(self.records)

    @cached_property
    def image_places(self) -> ImagePlaces:
        """Where the images of the records lie."""
        from .places.of_file import image_places

        try:
            together = self.numbers is not None
        except UNREADABLE:
            together = False  # those that can be read one by one are
        return image_places(self.file, self.records, not together)

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
            "class_name_field": records.class_name_field if isinstance(records, Naming) else None,
            "structure": dict(self.file.structure()),
            "warnings": [shortened(one, WARNING) for one in (*self.file.warnings(), *records.warnings, *problems)],
            "schemas": choices(self.file),
            "findings": [finding.to_json() for finding in self.findings()],
            "fields": [str(name) for name in records.field_names] if isinstance(records, Fielded) else [],
        }

    def findings(self) -> list[Finding]:
        """What the file and its records say is wrong, and that it was not walked through to its end."""
        parts = [part for part in (self.file, self.records) if isinstance(part, Diagnosed)]
        found = [finding for part in parts for finding in part.findings]
        if not self.complete and self.walked is not None:
            done, total = self.walked
            remedy = GO_ON_REMOTELY if self._remote else GO_ON
            found.insert(0, Finding("index-incomplete", 1, f"byte {done:,} of {total:,}", INCOMPLETE, remedy))
        return merged(found)

    def described(self, record: Record, whole: Shapes | None = None) -> tuple[dict[str, Any], list[Buffer]]:
        """A record in full, the first bytes of its payload, and the pixels of its images, one after the other; `drawn`
        tells their shapes. `whole`: the shapes of images that were made smaller."""
        about = describe_fully(record, self.records)
        if whole is not None:
            for told, shape in zip([about, *about.get("further", [])], whole, strict=True):
                told["shape"] = shape
        every = [record.pixels, *(image.pixels for image in record.images)]
        blobs = [record.payload[:HEAD_BYTES], *(b"" if pixels is None else flat(pixels) for pixels in every)]
        return {**about, "drawn": [None if pixels is None else list(pixels.shape) for pixels in every]}, blobs

    @contextlib.contextmanager
    def drawing(self, choice: Choice) -> Iterator[None]:
        """Pictures are drawn as it is asked for, in this request only."""
        try:
            self.file.choice = choice
            yield
        finally:
            self.file.choice = Choice()

    def will_read(self, indices: Sequence[int]) -> None:
        """These records are read next: at an address their bytes come together."""
        if self._remote and isinstance(self.records, ReadsAhead):
            total = len(self.records)
            self.records.will_read([index for index in indices if 0 <= index < total])

    def cell(self, index: int, box: int) -> tuple[dict[str, Any], Pixels | None]:
        """A record in brief, and its pixels made to fit a square of `box` pixels."""
        try:
            record, (whole, *_) = read_small(lambda: self.records.read(index), box)
        except UNREADABLE as error:
            return {"index": index, "key": f"#{index}", "problem": limits.sentence(error)}, None
        about = describe(record, self.records) | {"shape": whole}
        shape = None if record.pixels is None else list(record.pixels.shape)
        return {"index": index, **about, "thumbnail": shape}, record.pixels

    def problem(self, index: int) -> tuple[dict[str, str] | None, Sequence[Finding]]:
        """The key of a record that does not decode, and the reason (None for one that does); and what else is wrong."""
        key = f"#{index}"
        try:
            key = self.records.key(index)
            record = self.records.read(index)
        except MemoryError:
            return {"key": key, "reason": "it needs more memory than a reader may use"}, ()
        except UNREADABLE as error:
            return {"key": key, "reason": limits.sentence(error)}, ()
        broken = record.problem or next((image.problem for image in record.images if image.problem is not None), None)
        return {"key": key, "reason": broken} if broken is not None else None, record.findings

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


def open_file(kind: str, path: Path, paths: Sequence[Path] = (), notes: Sequence[str] = ()) -> File:
    """The reader of this kind of file, or of several that are one. Libraries are imported only for the kind that needs
    them."""
    if not KINDS[kind].available():
        raise InputError(f"reading {path} needs a library that is missing: {KINDS[kind].install_hint}")
    if paths:
        return ShardedFile(kind, path, paths, notes)
    opened: Callable[[Path], File] = KINDS.load(kind)
    return opened(path)
