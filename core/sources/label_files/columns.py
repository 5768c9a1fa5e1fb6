"""Which columns of a table are the image, the label and the split: by what a person said, by content, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...base.errors import InputError
from ..folder_names import SPLIT_WORDS, split_name, tokens
from .profile import ColumnProfile, TableProfile
from .resolver import ImageResolver

NONE = "none"
"""What --option label=none and split=none say."""

LOOKUPS = 4_000
"""Cells that are looked up to find the image's column, in all."""

# fmt: off
_IMAGE_NAMES = ("file_name", "filename", "file", "image", "img", "path", "filepath", "image_id", "id", "name")
_LABEL_NAMES = (
    "label", "labels", "class", "classes", "class name", "classname", "category", "categories", "target", "targets",
    "diagnosis", "species", "breed", "dx", "finding labels", "findings", "tags", "tag", "attribute ids", "y",
    "label name", "category name", "label text", "ground truth", "gt", "cell type", "disease", "variety", "genre",
    "emotion", "expression", "benign malignant", "class id", "label id", "category id", "classid", "labelid",
)
_NO_LABEL = frozenset((
    "caption", "captions", "text", "description", "comment", "comments", "prompt", "url", "uri", "date", "time",
    "width", "height", "size", "bbox", "boxes", "xmin", "xmax", "ymin", "ymax", "x", "w", "h", "filename", "path",
    "file", "patient", "author", "artist", "title", "license", "md5", "hash", "objects",
))
_SPLIT_NAMES = ("split", "subset", "partition", "set", "data set", "usage", "phase", "dataset", "purpose",
                "is training image", "is train", "is training", "train")
# fmt: on

_NUMBERED_SPLITS = {"0": "train", "1": "val", "2": "test"}
_FLAGGED_SPLITS = {"1": "train", "true": "train", "0": "test", "false": "test"}


@dataclass(frozen=True)
class ColumnChoice:
    """`labels` are one column, several of 0 and 1, or none; `split` is a column and what its values mean, or "".

    `guess`: the label was told by its values alone, not by its name.
    """

    image: str
    labels: tuple[str, ...] = ()
    split: str = ""
    splits: Mapping[str, str] = field(default_factory=dict)
    guess: bool = False


def choose_image(found: TableProfile, resolver: ImageResolver, asked: str, table: str) -> str | None:
    """The column whose values name image files, the resolver set to how they are written; None where none does.

    Raises:
        InputError: the column that is asked for is not there.
    """
    if asked:
        column = named(found, asked, table)
        resolver.learn(found.values(column))
        return column
    best: tuple[int, int, int] = (0, 0, 0)
    chosen = None
    each = max(10, LOOKUPS // max(1, len(found.columns)))
    for place, column in enumerate(found.columns):
        values = list(
            dict.fromkeys(
                str(value)
                for value in found.values(column)[:: max(1, -(-len(found.sample) // each))]
                if value is not None
            )
        )
        score = resolver.learn(values), _rank(column, _IMAGE_NAMES), -place
        if score[0] and score > best:
            best, chosen = score, column
    if chosen is not None:
        resolver.learn(found.values(chosen))
    return chosen


def choose(found: TableProfile, image: str, label: str, split: str, table: str) -> ColumnChoice:
    """Label and split beside the image's column; `label` and `split` are what was asked for: columns' names, "none".

    Raises:
        InputError: a column that is asked for is not there, or says no split.
    """
    others = {name: column for name, column in found.columns.items() if name != image and column.filled}
    split_column, splits = _choose_split(others, found, split, table)
    rest = {name: column for name, column in others.items() if name != split_column}
    if label:
        labels = () if label.lower() == NONE else tuple(named(found, one, table) for one in _asked(found, label))
        return ColumnChoice(image, labels, split_column, splits)
    labels = _choose_labels(rest, found.rows)
    guess = len(labels) == 1 and len(rest) > 1 and not _rank(labels[0], _LABEL_NAMES)
    return ColumnChoice(image, labels, split_column, splits, guess)


def named(found: TableProfile, asked: str, table: str) -> str:
    """The column that a person means by name, in any case, or by number from 1 on. Raises InputError."""
    folded = [name for name in found.columns if name.casefold() == asked.strip().casefold()]
    if asked in found.columns or folded:
        return asked if asked in found.columns else folded[0]
    if asked.isdigit() and 0 < int(asked) <= len(found.columns):
        return list(found.columns)[int(asked) - 1]
    some = ", ".join(list(found.columns)[:12]) + (", ..." if len(found.columns) > 12 else "")
    raise InputError(f"{table} has no column {asked!r}; it has {some}")


def _asked(found: TableProfile, label: str) -> list[str]:
    """One column's name, or several with commas between."""
    return [label] if label in found.columns else [one for one in label.split(",") if one.strip()]


# ---------------------------------------------------------------- labels


def _choose_labels(others: Mapping[str, ColumnProfile], rows: int) -> tuple[str, ...]:
    by_name = [name for name in others if _rank(name, _LABEL_NAMES) and _may_be_label(others[name])]
    if by_name:
        return (max(by_name, key=lambda name: (_says_names(others[name]), _rank(name, _LABEL_NAMES))),)
    flags = [name for name, column in others.items() if column.is_flags and column.filled * 2 > rows]
    if len(flags) > 1 and len(flags) * 2 > len(others):
        return tuple(flags)
    sensible = [name for name in others if _may_be_label(others[name]) and not _names_no_label(name)]
    few = [name for name in sensible if len(others[name].distinct or ()) <= max(2, others[name].filled // 2)]
    texts = [name for name in few if not others[name].plain_numbers and not _says_yes_or_no(others[name])]
    if len(others) == 1 and sensible and (few or rows < 20):
        return (sensible[0],)
    if len(others) == 1 and others[next(iter(others))].plain_numbers and not _names_no_label(next(iter(others))):
        return (next(iter(others)),)
    return (texts[0],) if len(texts) == 1 else ()


def _may_be_label(column: ColumnProfile) -> bool:
    return not column.objects and (column.distinct is not None or column.numbers)


def _says_names(column: ColumnProfile) -> bool:
    """Whether labels are words, of which there may be numbers in a column beside."""
    return not column.plain_numbers


def _says_yes_or_no(column: ColumnProfile) -> bool:
    return {value.lower() for value in column.distinct or ()} <= {"true", "false", "yes", "no", "y", "n", "m", "f"}


def _names_no_label(name: str) -> bool:
    return not _NO_LABEL.isdisjoint(tokens(name))


def _rank(name: str, known: Sequence[str]) -> int:
    """How well a column's name fits: higher is better, 0 is not at all."""
    words = tokens(name)
    for place, one in enumerate(known):
        if words == tokens(one):
            return 2 * len(known) - place
    if len(words) > 1 and any([words[-1]] == tokens(one) for one in known if len(tokens(one)) == 1):
        return 1
    return 0


# ---------------------------------------------------------------- splits


def _choose_split(
    others: Mapping[str, ColumnProfile], found: TableProfile, asked: str, table: str
) -> tuple[str, Mapping[str, str]]:
    if asked.lower() == NONE:
        return "", {}
    if asked:
        name = named(found, asked, table)
        meaning = _meaning(found.columns[name], trusted=True)
        if not meaning:
            raise InputError(f"the column {name!r} of {table} says no splits: its values are none of train, val, test")
        return name, meaning
    by_name = sorted((name for name in others if _rank(name, _SPLIT_NAMES) > 1), key=lambda n: -_rank(n, _SPLIT_NAMES))
    for name in (*by_name, *(name for name in others if name not in by_name)):
        meaning = _meaning(others[name], trusted=name in by_name)
        if meaning:
            return name, meaning
    return "", {}


def _meaning(column: ColumnProfile, trusted: bool) -> dict[str, str]:
    asks = tokens(column.name)[:1] == ["is"] or tokens(column.name) == ["train"]
    return split_meaning(column.distinct or (), trusted, asks)


def split_meaning(values: Iterable[str], trusted: bool, flags: bool = False) -> dict[str, str]:
    """Value -> split; empty where they are no splits. `trusted`: the column's name says that it tells the split;
    `flags`: the name asks whether (is_training_image), so that 1 is train and 0 is not."""
    distinct = sorted(set(values))
    if not distinct or len(distinct) > 12:
        return {}
    if all(value.lower() in SPLIT_WORDS for value in distinct):
        return {value: SPLIT_WORDS[value.lower()] for value in distinct}
    if not trusted:
        return {}
    found = {value: name.split for value in distinct if (name := split_name(value)) is not None}
    if len(found) == len(distinct):
        return found
    known = _FLAGGED_SPLITS if flags else _NUMBERED_SPLITS
    if len(distinct) > 1 and all(value.lower() in known for value in distinct):
        return {value: known[value.lower()] for value in distinct}
    return {}
