"""What the schemas for LMDB share: records that are entries, told what they are by their values, with their labels."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ...base.contracts import Labels
from ...base.errors import InputError
from ...formats.lmdb.page_layout import DUPSORT, INTEGERKEY, REVERSEKEY
from ..contents import Content, content_as
from ..display import Drawn
from ..display_range import Array
from ..displays import Displays
from ..key_index import KeyIndex, as_bytes
from ..records import Label, Record
from . import labels as lmdb_labels
from .bookkeeping import BOOKKEEPING, is_bookkeeping
from .file import LmdbView
from .key_blocks import key_index
from .key_classes import KeyClasses, in_keys
from .keys import HEXADECIMAL
from .labels import LabelSource
from .selection import AllBut, Counting, CountingBytes, Positions, Selection, in_counting_order
from .tree import LmdbEntry

if TYPE_CHECKING:
    from ..places.form import ImagePlaces


class LmdbRecords:
    """Records that are entries of one database, but for those that keep the books.

    A schema names the `kinds` of values it is for (`core.inspect.contents`), which are tried first; every other value
    is shown as what it is.
    """

    kind: ClassVar[str] = "lmdb"
    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        file: LmdbView,
        why: str,
        bookkeeping: Iterable[bytes] = (),
        selection: Selection | None = None,
        labels: LabelSource | None = None,
    ) -> None:
        self.file = file
        self.classes: Sequence[str] | None = None
        self._found: tuple[str, str, list[int]] = ("", "", [])
        self.warnings: list[str] = []
        self._books: set[bytes] = set()
        if selection is None:
            self._books |= {*bookkeeping, *BOOKKEEPING, *file.bookkeeping}
            skipped = [*self._positions(self._books), *file.tree_positions]
            selection = in_counting_order(file, AllBut(len(file), skipped if len(skipped) < len(file) else ()))
        self._selection = selection
        self._by_keys: KeyClasses | None = None
        self.labels = labels or self._labels()
        self.classes = lmdb_labels.class_names(file, len(self))
        sources = [source.why for source in (self.labels, self._by_keys) if source is not None]
        said = (file.keys.why, *sources)
        self.why = "; ".join([why, *filter(None, said)])

    def _positions(self, keys: Iterable[bytes]) -> Iterator[int]:
        for key in keys:
            try:
                position = self.file.index_of(key)
            except (ValueError, IndexError) as error:
                told = f"some keys cannot be looked for: {error}"
                self.warnings += [] if told in self.warnings else [told]
                continue
            if position is not None:
                yield position

    def _labels(self) -> LabelSource | None:
        """Where labels are kept, if not in the values, whose own come first; and last of all, classes in the keys."""
        contents = [content for _, content in self.file.contents]
        if 2 * sum(content.label is not None for content in contents) > len(contents):
            return None
        keys = [key for key, _ in self.file.contents]
        try:
            found = lmdb_labels.together(self.file, len(self), keys) or lmdb_labels.in_sibling(self.file, keys)
            if found is None:
                sampled = [key for key, _ in self.file.sample if key not in self._books and not is_bookkeeping(key)]
                self._by_keys = in_keys(sampled)
            return found
        except (ValueError, IndexError, InputError) as error:
            self.warnings.append(f"labels were looked for and not reached: {error}")
            return None

    def __len__(self) -> int:
        return len(self._selection)

    def raw_key(self, index: int) -> bytes:
        return self.file.key_at(self._selection.position(index))

    def key(self, index: int) -> str:
        position = self._selection.position(index)
        text, place = self.file.keys.text(self.file.key_at(position)), self.file.tree.duplicate(position)
        return text if place is None else f"{text}[{place}]"

    def find(self, key: str) -> int | None:
        """With duplicates, "key[2]" is the third value of a key, and "key" the first."""
        name, place = _numbered(key) if self.file.tree.database.flags & DUPSORT else (key, 0)
        for text, further in ((key, 0), (name, place)):
            for candidate in self.file.keys.candidates(text):
                position = self.file.index_of(candidate)
                reached = position is not None and position + further < len(self.file)
                found = self._selection.index((position or 0) + further) if reached else None
                if found is not None and (not further or self.key(found) == key):
                    return found
        return None

    def search(self, text: str, how: str, start: int, stop: int) -> Sequence[int]:
        """The indices start <= i < stop, ascending, whose key has (or begins with) `text`."""
        stop = min(stop, len(self))
        if isinstance(self._selection, Counting | CountingBytes):
            return self._among_all(text, how, start, stop)
        if stop <= start:
            return []
        first, last = self._selection.position(start), self._selection.position(stop - 1) + 1
        found: list[int] = self._selection.indices(self._searched(text, how, first, last)).tolist()
        return found

    @cached_property
    def _keys(self) -> KeyIndex:
        return key_index(self.file)

    def _searched(self, text: str, how: str, first: int, last: int) -> Positions:
        """The entries first <= position < last whose keys match."""
        flags = self.file.tree.database.flags & (DUPSORT | INTEGERKEY | REVERSEKEY)
        sorted_as_shown = self.file.keys.order is None and not flags
        if how == "prefix" and sorted_as_shown and not HEXADECIMAL.startswith(text[: len(HEXADECIMAL)]):
            with contextlib.suppress(ValueError, IndexError):  # a damaged page is in the way: all keys are compared
                start, stop = self.file.tree.span(as_bytes(text))
                first, last = max(start, first), min(stop, last)
        return self._keys.positions(text, how, first, last)

    def _among_all(self, text: str, how: str, start: int, stop: int) -> list[int]:
        """The same where records do not lie in the order of their keys: all entries are looked through, once a text."""
        if self._found[:2] != (text, how):
            found = sorted(self._selection.indices(self._searched(text, how, 0, len(self.file))).tolist())
            self._found = (text, how, found)
        indices = self._found[2]
        return indices[bisect.bisect_left(indices, start) : bisect.bisect_left(indices, stop)]

    def entry(self, index: int) -> LmdbEntry:
        """Raises ValueError where it cannot be read."""
        try:
            return self.file.entry_at(self._selection.position(index))
        except IndexError as error:
            raise ValueError(f"it cannot be reached: {error}") from None

    def value(self, index: int) -> bytes:
        return self.entry(index).value

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.lmdb import LmdbPlaces

        return LmdbPlaces(self, labelled)

    @property
    def values_stand_alone(self) -> bool:
        """Whether a value says by itself, and with what is said of all of them, what its image is."""
        return True

    @property
    def labels_apart(self) -> bool:
        """Whether labels are kept elsewhere than in the values."""
        return self.labels is not None or self._by_keys is not None

    def value_place(self, index: int) -> tuple[int, int] | None:
        """(where the value begins in the file, its bytes); None for one of several values of a key."""
        try:
            return self.file.tree.value_place(self._selection.position(index))
        except IndexError as error:
            raise ValueError(f"it cannot be reached: {error}") from None

    def numbers_of(self, content: Content) -> Array | None:
        """The numbers that a value's picture is drawn from, (height, width, channels), or that picture; see
        `display.NO_RANGE`. Raises ValueError for what cannot be drawn."""
        drawn, undrawn = self._drawn(content)
        if undrawn is not None:
            raise ValueError(undrawn)
        return content.pixels if drawn is None else drawn.numbers

    def content(self, value: bytes) -> Content:
        for kind in self.kinds if self.file.facts.shape is None else ():
            content = content_as(kind, value)
            if content is not None:
                return content
        return self.file.facts.content(value)

    def content_at(self, index: int, entry: LmdbEntry) -> Content:
        """What a record's value is, with what other entries say of it."""
        return self.content(entry.value)

    def label(self, index: int) -> Label:
        if self.labels is not None:
            return self.labels.label(index, self.raw_key(index))
        if self._by_keys is not None:
            return self._by_keys.label(index, self.raw_key(index))
        content = self.content(self.value(index))
        return content.guess if content.label is None else content.label

    def numbers(self) -> Labels | None:
        return self.labels.numbers() if isinstance(self.labels, lmdb_labels.Together) else None

    def read(self, index: int) -> Record:
        entry = self.entry(index)
        content = self.content_at(index, entry)
        label, problem = self._label(index, entry.key, content)
        drawn, undrawn = self._drawn(content)
        return Record(
            key=self.key(index),
            label=label,
            encoding=content.encoding,
            payload=content.payload,
            pixels=content.pixels if drawn is None else drawn.pixels,
            shape=content.shape,
            dtype=content.dtype,
            stored_bytes=entry.stored,
            problem=content.problem or undrawn or problem,
            text=content.text,
            values=content.values,
            notes=() if drawn is None else drawn.notes,
            display=None if drawn is None else drawn.to_json(),
            file=content.file,
            array=None if drawn is None else drawn.numbers,
            whole_fields=content.fields,
        )

    @cached_property
    def _displays(self) -> Displays:
        return Displays.spread(len(self), lambda place: self.content_at(place, self.entry(place)).array)

    def _drawn(self, content: Content) -> tuple[Drawn | None, str | None]:
        """(picture, why there is none), drawn as all records alike; both None where the value's own pixels stand."""
        if content.array is None:
            return None, None
        try:
            return self._displays.draw(content.array, self.file.choice, content.bands), None
        except ValueError as error:
            return None, str(error)

    def _label(self, index: int, key: bytes, content: Content) -> tuple[Label, str | None]:
        """The label, and why there is none where it is kept apart and cannot be read."""
        source = self.labels or self._by_keys
        if source is None:
            return content.guess if content.label is None else content.label, None
        try:
            return source.label(index, key), None
        except (ValueError, IndexError, InputError) as error:
            return content.label, f"its label cannot be read: {error}"


def _numbered(key: str) -> tuple[str, int]:
    """The name and the number in "name[3]"."""
    name, bracket, rest = key.rpartition("[")
    digits = rest.removesuffix("]")
    return (name, int(digits)) if bracket and digits.isdigit() and len(digits) < 12 and rest.endswith("]") else (key, 0)


def mostly(file: LmdbView, kinds: Iterable[str]) -> list[Content]:
    """The sampled values of these kinds, if most are; else none."""
    wanted = set(kinds)
    found = [content for _, content in file.contents if content.kind in wanted]
    return found if len(found) * 2 > len(file.contents) else []


def encodings(found: Iterable[Content]) -> str:
    """How the sampled images are encoded, to be read in a sentence."""
    return " and ".join(sorted({content.encoding for content in found}))
