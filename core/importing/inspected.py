"""Records of whatever the Inspector reads, as a source of images: LMDB, HDF5, tar shards, TFRecord, Parquet, ...

- Read in the Inspector's own process: images as the bytes of their files, arrays as files of their own numbers
  (`images.array_files`). What cannot be read is listed with the reason and left out.
- Splits and labels are those that the file says (`record_splits`, `record_labels`); everything else that belongs to a
  record becomes a field of the sample.
- Keys, labels and splits of all records are listed first, on disk (`record_listing`); then images are read class by
  class (`record_reading`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ..base.contracts import Skipped
from ..base.errors import InputError
from ..base.events import Event, Message, Pace, Progress
from ..base.names import safe_name
from ..base.options import option
from ..base.source_contracts import FoundImage, Recognition, References
from ..base.units import counted
from ..images.bands import parsed
from ..images.pixel_choice import DATASET, PixelChoice
from ..inspect.display import ALL_BANDS
from ..inspect.export import ExportChoice
from ..inspect.kinds import KINDS
from ..inspect.splits import split_in_key
from ..sources.draw_options import fraction_option, seed_option
from ..sources.folder_names import SPLIT_ORDER
from ..sources.request import Request
from ..sources.tree import IMAGE_ENDINGS
from .open_parts import OpenPart, OpenParts
from .record_class_names import RecordClassNames
from .record_labels import ASKED, AUTO, RecordLabels
from .record_listing import RecordLine, RecordListing
from .record_parts import parts_of
from .record_places import RecordPlaces, source_of
from .record_reading import RecordReading
from .record_splits import ALL_ALIKE, RecordSplits, make_splits
from .record_spool import RecordSpool, is_dear

MOST_RECORDS = 50_000_000
LISTED_AT_ONCE = 1024

NAMED = 100
"""Records of a part that are named as having no label."""

LOOK_SECONDS = 3.0
"""For listing records that are only looked at."""

LABEL = "label"
"""The field that takes labels which are no classes."""


@dataclass
class InspectedSource:
    """See the module. Options with nothing in them leave the choice to the Inspector's rules."""

    schema: str = option("", "How the file is read, as inspect names it: a schema, sub:DATABASE, SCHEMA@DATABASE")
    image: str = option("", "The field that is the image, where records have several")
    label: str = option("", "The field that is the label (json.category: one inside of the field json)")
    split: str = option("", "The field that says the split; train, val or test: all are that; none: nothing says it")
    labels: str = option(
        AUTO, "Whether labels are classes, or values that are kept as a field (auto: what seems right)", choices=ASKED
    )
    range: str = option(
        DATASET,
        "Values that are black and white: dataset (the fewest bits that hold all), as-is (what their type says), "
        "LOW:HIGH",
    )
    bands: str = option("", "Which bands of an image with more are red, green and blue, from 1: 4,3,2")
    val_fraction: float = fraction_option(0.2, "where there is none")
    seed: int = seed_option()
    request: Request | None = None
    recognition: Recognition = field(default_factory=Recognition, init=False, repr=False)
    _opened: OpenParts | None = field(default=None, init=False, repr=False)
    _listing: RecordListing | None = field(default=None, init=False, repr=False)
    _labels: RecordLabels = field(default_factory=lambda: RecordLabels([], AUTO, False), init=False, repr=False)
    _names: RecordClassNames = field(default_factory=RecordClassNames, init=False, repr=False)
    _named_by: frozenset[str] = field(default=frozenset(), init=False, repr=False)
    _left_out: list[Skipped] = field(default_factory=list, init=False, repr=False)
    _spool: RecordSpool | None = field(default=None, init=False, repr=False)
    _places: RecordPlaces | None = field(default=None, init=False, repr=False)
    _dear: frozenset[int] = field(default=frozenset(), init=False, repr=False)

    @property
    def pixel_choice(self) -> PixelChoice:
        """Where bands are asked for, images have all of theirs; else those that the file names are read."""
        return PixelChoice.parsed(self.range, self.bands)

    def prepare(self) -> Iterator[Event]:
        """Raises InputError where nothing can be imported, and why."""
        assert self.request is not None, "made by core.sources.open_source"
        self._opened = OpenParts(self.request.shown, self._choice(), self.request.home, self.request.patience)
        self._listing = RecordListing(self.request.scratch, self.seed)
        yield from self._opened.open(parts_of(self.request.place, self.schema or None))
        self._recognise()
        yield from self._list(self.request)
        self._decide()
        self.listing.finish(self.request.limit)
        if self.request.patience is None:
            yield from self._keep_dear(self.request.scratch)
            yield from self._find_places(self.request)
        yield from (Message(note, "warning") for note in self.recognition.notes)

    def _choice(self) -> ExportChoice:
        try:
            bands = ALL_BANDS if self.bands and parsed(self.bands) else None
        except ValueError as error:
            raise InputError(str(error)) from None
        return ExportChoice(self.image, self.label, "" if self.split.lower() in ALL_ALIKE else self.split, bands)

    @property
    def _parts(self) -> list[OpenPart]:
        assert self._opened is not None, "prepare() comes first"
        return self._opened.parts

    @property
    def listing(self) -> RecordListing:
        assert self._listing is not None, "prepare() comes first"
        return self._listing

    def _recognise(self) -> None:
        assert self._opened is not None
        told, first = self.recognition, self._parts[0]
        kind = KINDS[first.kind]
        schema = kind.schemas[first.about["schema"]].title if first.about["schema"] in kind.schemas else ""
        title = f"{kind.title} ({len(self._parts)} parts)" if len(self._parts) > 1 else kind.title
        told.recognised = f"{title}: {schema}" if schema else title
        told.why = str(first.about["why"])
        fields = list(dict.fromkeys(name for part in self._parts for name in part.about["fields"]))
        told.choices = {"schema": [*first.about["schemas"]], "image": fields, "label": fields}
        told.choices["split"] = ["none", *SPLIT_ORDER, *fields]
        told.chosen = {"schema": str(first.about["schema"])}
        told.unused += self._opened.left_out()
        told.notes += self._opened.notes()

    # ---- listing

    def _list(self, request: Request) -> Iterator[Event]:
        """Keys, labels and splits of all records."""
        total, done, pace = sum(part.entries for part in self._parts), 0, Pace()
        patience = request.patience and request.patience.again(LOOK_SECONDS)
        if total > MOST_RECORDS:
            raise InputError(f"{request.shown} has {total:,} records, and {MOST_RECORDS:,} are imported at most")
        for number, part in enumerate(self._parts):
            listed = self._lines(number, part)
            while lines := list(islice(listed, LISTED_AT_ONCE)):
                self.listing.add(lines)
                done += len(lines)
                if patience is not None and patience.is_over(done):
                    self._tell_part(done, total)
                    return
                if pace.due():
                    yield Progress("listing", done, total, "records")
        self._tell_part(total, total)

    def _tell_part(self, done: int, total: int) -> None:
        """That only so many records were looked at, where it is so."""
        assert self._opened is not None
        share = self._opened.walked * len(self._parts) / (len(self._parts) + self._opened.unread)
        if done < total or share < 1:
            of = f" of {total:,}" if share == 1 else ""
            self.recognition.partial = f"only the first {done:,} records{of} were looked at, because all take long"
            self.recognition.share = max(share * done / max(total, 1), 1e-6)

    def _lines(self, number: int, part: OpenPart) -> Iterator[RecordLine]:
        first = f"{Path(part.part.name).stem}-" if len(self._parts) > 1 else ""
        for index, one in part.export.listed(part.entries):
            if one.problem:
                self._left_out.append(Skipped(f"{part.called} {one.key}", one.problem))
            else:
                self._names.learn(one.label, one.class_name)
                yield RecordLine(number, index, _name(first + one.key), one.split, split_in_key(one.key), one.label)

    def _keep_dear(self, scratch: Path) -> Iterator[Event]:
        """Read what is dear to reach one by one in the order of its file."""
        self._dear = frozenset(number for number, part in enumerate(self._parts) if is_dear(part))
        if not self._dear:
            return
        if self.request is not None and self.request.reference:
            self.recognition.notes.append(
                "single records are dear to reach in it, as much is inflated for each: a copy is faster to build from"
            )
        self._spool = RecordSpool(scratch)
        yield from self._spool.fill(self._parts, self._dear, self.listing, self._left_out)

    def _find_places(self, request: Request) -> Iterator[Event]:
        """By reference: where image files lie bare, so that nobody needs the Inspector to read them."""
        if request.reference:
            self._places = RecordPlaces(request.scratch, len(self._parts))
            for number, part in enumerate(self._parts):
                yield from self._places.find(number, part)

    # ---- splits and classes

    def _decide(self) -> None:
        samples = [one for part in self._parts for one in part.samples]
        in_full = any(one.label_value is not None and not isinstance(one.label, int) for one in samples)
        classes = [part.about["classes"] for part in self._parts]
        beside = {} if any(classes) else self._names.names
        labels = self._labels = RecordLabels(classes, self.labels, in_full, beside)
        labels.learn(self.listing.labels())
        labels.collect(self.listing.labels())
        splits = RecordSplits([part.part.split for part in self._parts], self.split, self.listing.said("folder"))
        if labels.are_classes:
            self._say_names(beside)
            self._leave_unlabelled(splits, labels)
        else:
            self._say_no_classes(labels)
        self.listing.decide(splits.split_of, labels.class_of)
        if not self.counts:
            raise InputError("no record has a label; --option labels=field imports them without")
        self.recognition.notes += make_splits(self.listing, labels.are_classes, self.val_fraction, self.seed)

    def _say_names(self, beside: Mapping[int, str]) -> None:
        if beside:
            self._named_by = frozenset(part.about["class_name_field"] for part in self._parts)
            fields = " or ".join(map(repr, sorted(self._named_by)))
            self.recognition.notes.append(f"classes are called as the field {fields} says beside their numbers")

    def _say_no_classes(self, labels: RecordLabels) -> None:
        told = self.recognition
        if labels.labelled:
            told.notes.append(f"labels are kept as the field {LABEL!r} and are no classes: {labels.said}")
        else:
            told.labels = "none"
            told.notes.append(f"no labels found: all images are of one class, called {labels.names[0]!r}")

    def _leave_unlabelled(self, splits: RecordSplits, labels: RecordLabels) -> None:
        """Records without a label, where others have one, are left out: some by name, with what is wrong with them."""
        assert self.request is not None
        for split, count in self.listing.unlabelled(splits.split_of, labels.class_of).items():
            reason = f"{counted(count, 'record')} without a label, where others have one"
            self.recognition.notes.append(f"left out of {split}: {reason}; --option labels=field takes all")
            if count > NAMED:
                self.recognition.unused.append(Skipped(f"{self.request.shown} ({split})", reason))
        for number, part in enumerate(self._parts):
            found = self.listing.first_unlabelled(number, labels.class_of, NAMED)
            for one in part.export.records(found):
                self._left_out.append(Skipped(f"{part.called} {one.key}", one.problem or "it has no label"))

    # ---- as a source

    @property
    def classes(self) -> Sequence[str]:
        return self._labels.names

    @property
    def counts(self) -> Mapping[str, int]:
        return self.listing.counts()

    def images(self) -> Iterator[FoundImage | Skipped]:
        yield from self._left_out
        yield from self.reading.images(list(self.counts), self.classes)

    def cells(self) -> Mapping[tuple[str, str], int]:
        """Images of each (split, class)."""
        return self.listing.cells()

    def drawn(self, count: int) -> Iterator[FoundImage | Skipped]:
        """What is left out, then the first images of each split and class in turn."""
        yield from self._left_out[:NAMED]
        yield from self.reading.drawn(list(self.counts), self.classes, count)

    def total_bytes(self) -> int | None:
        """As those say that are drawn."""
        return None

    @property
    def reading(self) -> RecordReading:
        assert self.request is not None
        label = LABEL if self._labels.labelled and not self._labels.are_classes else ""
        reference = self.request.reference
        parts, spool, dear, places = self._parts, self._spool, self._dear, self._places
        return RecordReading(parts, self.listing, label, reference, spool, dear, places, self._named_by)

    @property
    def references(self) -> References:
        """The files that records are read from; none before `prepare`."""
        assert self.request is not None
        place = self.request.place.absolute()
        parts = [] if self._opened is None else self._parts
        root = place if parts and parts[0].part.path.absolute().parent == place else place.parent
        sources = [source_of(part, root, self._choice()) for part in parts]
        return References(root, [*sources, *(self._places.sources(root) if self._places is not None else ())])

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        for kept in (self._listing, self._spool, self._places):
            if kept is not None:
                kept.close()


def _name(key: str) -> str:
    """A record's key as a file's name without its ending."""
    stem, dot, ending = key.rpartition(".")
    name = stem if f".{ending.lower()}" in IMAGE_ENDINGS and dot else key
    return safe_name(name.strip("/").replace("/", "-").replace("\\", "-").replace(":", "-"))
