"""What an import reads records from: a file, some of its databases, or the files of a folder, each with its split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..base.errors import InputError
from ..base.names import readable
from ..inspect.kinds import KINDS, IdentifiedFile, identify, referred_folders
from ..inspect.schemas.names import SUB, join_choice, names_a_part, split_choice
from ..inspect.splits import split_in_name
from ..sources.tree import IMAGE_ENDINGS

MOST_PARTS = 64
"""Files of a folder that are opened one by one; more are given as a pattern, or one of them."""

MOST_WRAPPERS = 32

MOST_ENTRIES = 20_000
"""Entries of a folder, and of those below it, that are looked at."""


@dataclass(frozen=True, slots=True)
class RecordPart:
    """One file that is read by one schema (None: the one that recognises it); split: the one that its name says; name:
    what it is called among several."""

    path: Path
    schema: str | None = None
    split: str | None = None
    name: str = ""


def found_at(path: Path) -> IdentifiedFile | None:
    """What the Inspector takes a path for, None where it is nothing that has records: no file of a known kind, or a
    folder of which nothing more is known than that it refers to no images elsewhere."""
    try:
        found = identify(path)
    except InputError:
        return None
    return None if KINDS[found.kind].any_folder and not referred_folders(path) else found


def parts_of(path: Path, schema: str | None) -> list[RecordPart]:
    """The files that an import of `path` reads, at least one.

    Raises:
        InputError: nothing there has records, or there are too many files.
    """
    if found_at(path) is not None or not path.is_dir():
        database = split_choice(schema or "")[1]
        return [RecordPart(path, schema, split_in_name(database or "") or split_in_name(path.name))]
    path = unwrapped(path)
    if found_at(path) is not None:
        return [RecordPart(path, schema, split_in_name(path.name))]
    files = files_of(path)
    if not files:
        identify(path)  # says what it is instead
        raise InputError(f"nothing in the folder {readable(path)} is read here; give a file in it")
    return [RecordPart(file, schema, split_in_name(file.name), file.name) for file in files]


def unwrapped(folder: Path) -> Path:
    """The folder itself, or the one in it where it holds nothing else, and so on."""
    for _ in range(MOST_WRAPPERS):
        entries = [entry for entry in list(islice(folder.iterdir(), 100)) if not entry.name.startswith((".", "__"))]
        if len(entries) != 1 or not entries[0].is_dir() or entries[0].is_symlink():
            break
        folder = entries[0]
    return folder


def files_of(folder: Path) -> list[Path]:
    """The files (and folders that are one) in a folder that records are read from: those that are called like splits,
    else all of one kind. Raises InputError where there are too many."""
    entries = sorted(entry for entry in islice(folder.iterdir(), MOST_ENTRIES) if not entry.name.startswith("."))
    named = [entry for entry in entries if split_in_name(entry.name) is not None and not entry.is_symlink()]
    known = [(entry, found.kind) for entry in named if (found := found_at(entry)) is not None]
    if not known:
        plain = (entry for entry in entries if entry.is_file() and not entry.is_symlink())
        known = [(entry, found.kind) for entry in plain if (found := found_at(entry)) is not None]
    if not known:
        return []
    kind = Counter(kind for _, kind in known).most_common(1)[0][0]
    files = [entry for entry, other in known if other == kind]
    if len(files) > MOST_PARTS:
        raise InputError(
            f"{readable(folder)} has {len(files):,} files of the kind {KINDS[kind].title}, of which {MOST_PARTS} are "
            "imported together; give one of them, or make folders of fewer"
        )
    return files


def databases_of(part: RecordPart, kind: str, schemas: Sequence[str]) -> list[RecordPart]:
    """The databases of a file that are called like splits, as a part each; none where it has no two of these, or one
    was asked for."""
    if not KINDS[kind].several_in_one or names_a_part(part.schema or ""):
        return []
    names = [name.removeprefix(SUB) for name in schemas if name.startswith(SUB) and name != SUB]
    splits = {name: split for name in names if (split := split_in_name(name)) is not None}
    if len(set(splits.values())) < 2:
        return []
    return [RecordPart(part.path, join_choice(part.schema or "", name), split, name) for name, split in splits.items()]


def has_image_files(folder: Path) -> bool:
    """Whether image files lie in a folder or somewhere below it, as far as it is looked through."""
    left, seen = [folder], 0
    while left and seen < MOST_ENTRIES:
        try:
            entries = list(left.pop().iterdir())
        except OSError:
            continue
        seen += len(entries)
        if any(entry.suffix.lower() in IMAGE_ENDINGS for entry in entries):
            return True
        left += [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]
    return False
