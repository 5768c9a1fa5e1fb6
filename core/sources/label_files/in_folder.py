"""The label files that lie in a folder of images: which of them say what is in the images, and which are left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from ...base.contracts import Skipped
from ...base.errors import InputError
from ...base.names import readable
from ...base.source_contracts import Recognition
from ..folder_names import tokens
from ..listing import SourceListing
from ..tree import SourceTree, image_paths
from .catalogue import ImageCatalogue
from .columns import NONE
from .joining import ReadyTable
from .meaning import CLASS, MANY
from .opening import KINDS, open_table
from .profile import TableProfile, profile
from .reading import LabelListing, LabelOptions, understand
from .table import LOOKED_AT_ROWS, LabelTable, as_text, is_missing

MOST_TABLES = 40
"""Files that are looked into."""

MOST_ALIKE = 20
"""Files of one ending in one folder: more are one for each image, which are not tables."""

MOST_PARQUET = 3
"""The same for files that take a process of their own."""

DEEPEST = 4
"""Folders, the images' own included, that are searched for tables."""

PEEKED = 2_000
"""Rows of a table by which it is judged."""

LEAST = 0.5
"""Of the rows that are looked at, or of the images, so many must belong together for a table to be taken unasked."""

WITHOUT_LABELS = "a table without a column of labels"

_NAMES = ("labels", "label", "train", "training", "metadata", "annotations", "instances", "data", "list")
LOOSE = (".txt", ".lst", ".json", ".parquet")
"""Endings of files that need be no tables."""

_NEVER = frozenset(("submission", "readme", "license", "requirements", "predictions", "results", "log", "history"))


@dataclass
class FolderTables:
    """Label files below `tree`; `scratch` takes the listing of the images.

    `only_look`: long tables are read in part (`LabelListing`).
    """

    tree: SourceTree
    scratch: Path
    options: LabelOptions
    only_look: bool = False
    unused: dict[Path, str] = field(default_factory=dict, init=False)
    """Label files that are not taken, and why."""
    used: list[Path] = field(default_factory=list, init=False)
    _further: list[ReadyTable] = field(default_factory=list, init=False, repr=False)
    _refused: list[InputError] = field(default_factory=list, init=False, repr=False)
    _asked_of: dict[Path, LabelOptions] = field(default_factory=dict, init=False, repr=False)
    _opened: ExitStack = field(default_factory=ExitStack, init=False, repr=False)

    def list_into(
        self, listing: SourceListing, told: Recognition, left_out: list[Skipped], labelled: bool, asked: bool
    ) -> bool:
        """List the images that the best of the tables name, and tell of it; whether there is one.

        `labelled`: only a table that has labels will do; `asked`: a person wants one, however few images it names.

        Raises:
            InputError: a column that is asked for is not there.
        """
        paths = list(self._candidates()) if self.tree.root.below else []
        if not paths:
            return False
        root = self.tree.root
        with ExitStack() as opened:
            catalogue = opened.enter_context(closing(ImageCatalogue(self.scratch, root.path, image_paths(root))))
            self._opened = opened
            chosen = self._choose(catalogue, paths, labelled, asked)
            if not chosen:
                return False
            rows = LabelListing(catalogue, chosen, self._further, only_look=self.only_look)
            if not rows.joined:
                return False
            self.used = [ready.table.path for ready in (*chosen, *rows.further)]
            for path in self.used:
                self.unused.pop(path, None)
            told.recognised = "a folder of images with a label file"
            told.why = f"no folders tell classes, and {chosen[0].name} names the images"
            rows.list_into(listing)
            rows.tell(told, left_out)
        return True

    def notes(self) -> Iterator[str]:
        """A sentence about the label files that were looked into and not taken."""
        if self.unused:
            named = "; ".join(f"{readable(path.name)} ({reason})" for path, reason in list(self.unused.items())[:5])
            yield f"label files not used: {named}{'; ...' if len(self.unused) > 5 else ''}"

    def _candidates(self) -> Iterator[Path]:
        number = 0
        for folder in self.tree.root.walk():
            if len(folder.path.relative_to(self.tree.root.path).parts) >= DEEPEST:
                continue
            for ending, others in sorted(folder.others.items()):
                if ending not in KINDS or others.files > (MOST_PARQUET if ending == ".parquet" else MOST_ALIKE):
                    continue
                for name in others.names:
                    path = folder.path / name
                    if _NEVER.isdisjoint(tokens(name)) and number < MOST_TABLES and path.is_file():  # no pipe
                        number += 1
                        yield path

    def _choose(
        self, catalogue: ImageCatalogue, paths: Sequence[Path], labelled: bool, asked: bool
    ) -> list[ReadyTable]:
        """The best table and those that go with it, completely looked through."""
        self._further, self._refused = [], []
        good = [found for path in paths if (found := self._peek(catalogue, path, asked)) is not None]
        if self._refused and not any(self._asked_of[ready.table.path] is self.options for ready, _ in good):
            raise self._refused[0]
        if not any(_has_labels(ready) for ready, _ in good) and (labelled or not good):
            for ready, _ in good:
                self.unused[ready.table.path] = WITHOUT_LABELS
            return []
        best = max(good, key=lambda one: (_has_labels(one[0]), one[1], _rank(one[0].table.path)))[0]
        chosen = [best, *(ready for ready, _ in good if ready is not best and _go_together(best, ready))]
        left = [ready for ready, _ in good if ready not in chosen]
        for ready in left:
            beside = f"a table beside {best.name}, which was taken"
            self.unused[ready.table.path] = beside if _has_labels(ready) else WITHOUT_LABELS
        self._further = self._whole(catalogue, [ready for ready in left if _says_more(best, ready)])
        return self._whole(catalogue, chosen)

    def _whole(self, catalogue: ImageCatalogue, peeked: Sequence[ReadyTable]) -> list[ReadyTable]:
        """Tables that were peeked at, understood by all their rows."""
        most = LOOKED_AT_ROWS if self.only_look else None
        whole = [
            understand(ready.table, profile(ready.table, most), catalogue, self._asked_of[ready.table.path])
            for ready in peeked
        ]
        return [ready for ready in whole if ready is not None]

    def _peek(self, catalogue: ImageCatalogue, path: Path, asked: bool) -> tuple[ReadyTable, int] | None:
        """What a table is by its first rows and how many images these name; None where it is none of these images."""
        try:
            table: LabelTable = self._opened.enter_context(closing(open_table(path)))
            found = profile(table, PEEKED)
        except InputError as error:
            self.unused[path] = str(error)
            return None
        ready = self._understand(table, found, catalogue)
        if ready is None:
            if path.suffix.lower() not in LOOSE:
                self.unused.setdefault(path, "a table of which no row names an image here")
            return None
        values = ready.profile.values(ready.choice.image)
        different = list({as_text(value): value for value in values if not is_missing(value)}.values())
        names = ready.resolver.learn(different)
        if names < LEAST * min(len(different), len(catalogue)) and not asked:
            self.unused[path] = f"a table that names only {names:,} of the images"
            return None
        return ready, names

    def _understand(self, table: LabelTable, found: TableProfile, catalogue: ImageCatalogue) -> ReadyTable | None:
        """By the columns that are asked for; a table that lacks them may say further things of the images."""
        self._asked_of[table.path] = self.options
        try:
            return understand(table, found, catalogue, self.options)
        except InputError as error:
            self._refused.append(error)
            self._asked_of[table.path] = LabelOptions(label=NONE)
            return understand(table, found, catalogue, self._asked_of[table.path])


def _says_more(best: ReadyTable, other: ReadyTable) -> bool:
    """Whether a table without labels calls the images as the best table does, or is a list without a header."""
    same = other.choice.image == best.choice.image or len(other.profile.columns) == 1
    return same and not _has_labels(other)


def _has_labels(ready: ReadyTable) -> bool:
    return ready.meaning.kind in (CLASS, MANY)


def _rank(path: Path) -> tuple[int, int]:
    """Names that people give to label files come first, then what lies higher."""
    words = tokens(path.stem)
    place = next((place for place, name in enumerate(_NAMES) if name in words), len(_NAMES))
    return -place, -len(path.parts)


def _go_together(best: ReadyTable, other: ReadyTable) -> bool:
    """Whether two tables are of one dataset: the same columns, for another split or another folder."""
    same = (best.choice.image, best.choice.labels) == (other.choice.image, other.choice.labels)
    one, two = best.table, other.table
    splits = bool(one.split) and bool(two.split) and one.split != two.split
    return same and (splits or (one.path.name == two.path.name and one.path.parent != two.path.parent))
