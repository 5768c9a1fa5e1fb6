"""From a label file to rows of images: its columns found out, joined with the images of a folder, listed and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...base.contracts import Skipped
from ...base.names import readable
from ...base.source_contracts import JoinedSample, Recognition
from ...base.units import counted
from ..kept_fields import as_kept, from_kept
from ..listing import LabelledFile, SourceListing
from .catalogue import ImageCatalogue
from .columns import NONE, choose, choose_image
from .joining import MOST_FIELDS, ROWS, JoinedImage, ReadyTable, RowJoin
from .meaning import CLASS, LIST, MANY, NOTHING, NUMBER, meaning_of
from .profile import TableProfile, profile
from .resolver import ImageResolver
from .table import LOOKED_AT_ROWS, MAX_COLUMNS, LabelTable

NO_CLASS = "images"
"""The one class of images that have none."""

SHOWN = 5
"""Joined rows that are shown."""

SHOWN_CHARACTERS = 60

ONE_BY_ONE = 50
"""Images without a row that are listed by their names; of more, the folders are."""


@dataclass(frozen=True)
class LabelOptions:
    """What a person said of the columns; "" where it is to be found out."""

    image: str = ""
    label: str = ""
    split: str = ""


def understand(
    table: LabelTable, found: TableProfile, catalogue: ImageCatalogue, options: LabelOptions
) -> ReadyTable | None:
    """What the columns of a table are; None where none names images of the catalogue.

    Raises:
        InputError: a column that is asked for is not there, or is not what it is said to be.
    """
    name = readable(table.path.name)
    resolver = ImageResolver(catalogue, table.path.parent)
    image = choose_image(found, resolver, options.image, name)
    if image is None:
        return None
    if not isinstance(resolver.find(image), str) and table.without_header():
        return understand(table, profile(table), catalogue, options)
    choice = choose(found, image, options.label, options.split, name)
    return ReadyTable(table, found, choice, meaning_of(choice.labels, found.columns, bool(options.label)), resolver)


def is_long(ready: ReadyTable) -> bool:
    """Whether a table has more rows than who only looks reads."""
    return (ready.table.lines() or 0) > LOOKED_AT_ROWS


class LabelListing:
    """Tables that are understood, joined with the images of a catalogue, on their way into a source's listing.

    `only_look`: of long tables only the first rows are read, and it is said.
    """

    def __init__(
        self,
        catalogue: ImageCatalogue,
        tables: Sequence[ReadyTable],
        further: Sequence[ReadyTable] = (),
        *,
        only_look: bool = False,
    ) -> None:
        self._catalogue, self._tables = catalogue, tables
        self._most_rows = LOOKED_AT_ROWS if only_look and any(map(is_long, tables)) else None
        self._join = self._joined_rows()
        self._objects = self._join.has_objects
        if self._objects:
            self._join = self._joined_rows(gather=True)
        self._own_splits = any(map(_tells_splits, tables))
        self.further = [ready for ready in further if self._reads(ready)]
        self._names = _names(tables)
        self._splits_of_folders = len(self._join.folder_splits() - {""}) > 1 and "train" in self._join.folder_splits()
        kinds = {ready.meaning.kind for ready in tables}
        single = not self._objects or self._join.one_label_each()
        self._classes = (CLASS in kinds and single) or (MANY in kinds and self._join.one_label_each())
        self._many = MANY in kinds or (CLASS in kinds and not single)

    def _joined_rows(self, gather: bool = False) -> RowJoin:
        join = RowJoin(self._catalogue, gather)
        for ready in self._tables:
            join.read(ready, self._most_rows)
        return join

    def _reads(self, further: ReadyTable) -> bool:
        return self._join.read_further(further, not self._own_splits, self._most_rows)

    @property
    def joined(self) -> int:
        """Images that are listed."""
        return self._join.counts["joined"] - self._join.counts["clashing"]

    def list_into(self, listing: SourceListing) -> None:
        listing.add_labelled(map(self._labelled, self._join.images()))

    def _labelled(self, image: JoinedImage) -> LabelledFile:
        fields = image.fields
        if self._many:
            fields = as_kept({"labels": list(image.labels), **from_kept(fields)})
        return LabelledFile(self._split(image), self._class(image), image.path, fields)

    def _class(self, image: JoinedImage) -> str:
        return image.labels[0] if self._classes and image.labels else NO_CLASS

    def _split(self, image: JoinedImage) -> str:
        return image.split or (image.folder if self._splits_of_folders and image.folder else "train")

    # ------------------------------------------------------------ what is said

    def tell(self, told: Recognition, left_out: list[Skipped]) -> None:
        """Note what was guessed, what was joined and what was not."""
        told.labels = "label file" if self._classes or self._many else "none"
        told.notes += [note for ready in self._tables for note in ready.table.notes]
        self._tell_columns(told)
        told.joined = [
            JoinedSample(image.place, image.inside, self._split(image), ", ".join(image.labels) or self._class(image))
            for image in self._join.images(SHOWN)
        ]
        told.notes += [_columns_told(ready) for ready in (*self._tables[:SHOWN], *self.further[:SHOWN])]
        if self._objects:
            told.notes.append(
                f"most images have several rows in {self._names}, one for each object in them: their labels are "
                f"united, and what else the rows say is the field {ROWS!r}"
            )
        if told.joined:
            first = "; ".join(f"{one.row} is {one.image}: {one.class_name[:SHOWN_CHARACTERS]}" for one in told.joined)
            told.notes.append(f"joined, for example: {first}")
        told.notes += self._labels_told()
        told.notes += self._joined_told()
        told.notes += self._splits_told()
        left_out += self._join.left_out
        left_out += self._join.clashes()
        if self._most_rows is None:
            self._tell_without_row(told)
        else:
            lines = sum(ready.table.lines() or 0 for ready in self._tables)
            told.partial = f"only the first {self._most_rows:,} of about {lines:,} rows were looked at"
            told.share = min(1.0, self._join.counts["rows"] / max(1, lines))

    def _tell_columns(self, told: Recognition) -> None:
        """What each option may be, and what was taken for it."""
        first = self._tables[0]
        columns = list(first.profile.columns)
        told.choices |= {"image": columns, "label": [NONE, *columns], "split": [NONE, *columns]}
        labels, split = ",".join(first.choice.labels), first.choice.split
        told.chosen |= {"image": first.choice.image, "label": labels or NONE, "split": split or NONE}

    def _labels_told(self) -> Iterator[str]:
        kinds = {ready.meaning.kind for ready in self._tables}
        if NUMBER in kinds:
            column = next(ready.meaning.columns[0] for ready in self._tables if ready.meaning.kind == NUMBER)
            yield (
                f"{column} holds measured numbers, not classes: it is kept as a field, and all images are of one "
                f"class, called {NO_CLASS!r}"
            )
        elif NOTHING in kinds and not self._classes:
            yield (
                f"no column of {self._names} was taken for a label, so all images are of one class, called "
                f"{NO_CLASS!r}; --option label=COLUMN names one"
            )
        elif self._many and not self._classes:
            yield (
                "some images have several labels or none, so there is no class for each: the labels are kept in the "
                f"field 'labels', and all images are of one class, called {NO_CLASS!r}"
            )
        for ready in self._tables:
            if ready.profile.too_many:
                yield f"{ready.name} has more than {MAX_COLUMNS:,} columns, of which the first ones are read"
            if len(ready.fields) > MOST_FIELDS:
                yield f"{ready.name} has {len(ready.fields):,} further columns; the first {MOST_FIELDS} are kept"

    def _joined_told(self) -> Iterator[str]:
        counts = self._join.counts
        if counts["left out"]:
            yield f"{counted(counts['left out'], 'row')} of {self._names} left out: each is listed with the reason"
        if counts["repeated"]:
            yield f"{counted(counts['repeated'], 'repeated row')} ignored: each image is taken once"
        if counts["differing"]:
            yield (
                f"{counted(counts['differing'], 'image')} whose rows agree in the label and not in other columns: what "
                "the first row says is kept"
            )
        if counts["clashing"]:
            yield f"{counted(counts['clashing'], 'image')} left out, whose rows contradict each other"
        chosen = sum(ready.resolver.by_folder for ready in self._tables)
        if chosen:
            yield (
                f"{counted(chosen, 'name')} of several images each: taken was the one that lies in the folder of its "
                "split, or not among masks; --option root=FOLDER says where the images are"
            )
        for ready in self._tables:
            if prefix := ready.resolver.spelling.prefix:
                yield f"the paths in {ready.name} begin with {prefix!r}, which is not here and was left away"
            if ready.resolver.spelling.loose:
                yield f"images have other endings than {ready.name} says: they were found by the rest of their names"

    def _splits_told(self) -> Iterator[str]:
        telling = [ready for ready in self.further if _tells_splits(ready)]
        if self._own_splits or telling:
            if not self._own_splits:
                yield f"splits are told by {_names(telling)}"
            return
        if self._splits_of_folders:
            yield "splits are those of the folders that the images lie in"
        else:
            yield (
                f"{self._names} states no split, so all rows are training images; --option val_fraction=0.2 draws a "
                "validation split"
            )

    def _tell_without_row(self, told: Recognition) -> None:
        folders: Counter[str] = Counter()
        names: list[str] = []
        for inside in self._join.without_row():
            folders[inside.rpartition("/")[0]] += 1
            if len(names) <= ONE_BY_ONE:
                names.append(inside)
        root, reason = self._catalogue.root, f"no row of {self._names} names it"
        if not names:
            return
        told.notes.append(f"{counted(sum(folders.values()), 'image')} left out, which no row of {self._names} names")
        if len(names) <= ONE_BY_ONE:
            told.unused += [Skipped(readable(root / name), reason) for name in names]
            return
        for folder, number in folders.most_common(ONE_BY_ONE):
            told.unused.append(Skipped(readable(root / folder), f"{counted(number, 'image')}: {reason}"))
        if more := sum(folders.values()) - sum(number for _, number in folders.most_common(ONE_BY_ONE)):
            told.unused.append(Skipped(readable(root), f"{counted(more, 'more image')} in other folders: {reason}"))


def _tells_splits(ready: ReadyTable) -> bool:
    return bool(ready.choice.split or ready.table.split)


def _names(tables: Sequence[ReadyTable]) -> str:
    return " and ".join(ready.name for ready in tables[:3]) + (", ..." if len(tables) > 3 else "")


def _columns_told(ready: ReadyTable) -> str:
    """Which columns are what, and how to say otherwise."""
    choice, meaning = ready.choice, ready.meaning
    more = ", ..." if len(choice.labels) > 4 else ""
    several = f"{len(choice.labels)} columns of 0 and 1 ({', '.join(choice.labels[:4])}{more})"
    label = several if len(choice.labels) > 1 else choice.labels[0] if choice.labels else "none"
    if choice.guess:
        label += " (a guess)"
    if meaning.separator == LIST:
        label += " (a list in a cell)"
    elif meaning.separator:
        label += f" (several in a cell, with {meaning.separator!r} between)"
    meant = ", ".join(f"{said} is {split}" for said, split in choice.splits.items() if said.lower() != split)
    split = f", split = {choice.split}{f' ({meant})' if meant else ''}" if choice.split else ""
    fields = [one.name for one in ready.fields]
    kept = f"; kept as fields: {', '.join(fields[:8])}{', ...' if len(fields) > 8 else ''}" if fields else ""
    return (
        f"{ready.name}: image = {choice.image}, label = {label}{split}{kept}; --option image=..., label=..., split=... "
        "name other columns"
    )
