"""Several files that are one: which of them a folder or a pattern names, in pure Python and from names alone.

A pattern has wildcards (`*`, `?`, `[...]`) or braces (`{000000..000007}`, `{train,val}`) in the name of the file, never
in its folder, so that it cannot lead out of it. Links are left out: they may lead anywhere.
"""

from __future__ import annotations

import fnmatch
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError
from ..formats.maps import MapsItself

MOST_SHARDS = 10_000
MOST_ENTRIES = 100_000
"""Entries of a folder that are looked at."""

MOST_ASKED = 200
"""Files of a pattern that are asked for one by one."""

MOST_PATTERNS = 64
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d{1,12})\.\.(\d{1,12})")
_PLACE_AND_COUNT = re.compile(r"(\d{1,9})-of-(\d{1,9})")
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class ShardSet:
    """Regular files of one folder, sorted by name; `missing`: names that belong to them and are not there; `links`:
    links that a pattern names."""

    paths: tuple[Path, ...]
    missing: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def is_pattern(path: Path) -> bool:
    """Whether the name of the file may stand for several."""
    name = path.name
    if isinstance(path, MapsItself) and str(path).startswith("http"):
        name = name.partition("?")[0]  # what follows is a query
    return bool(_WILD.intersection(name)) or _BRACES.search(name) is not None


def of_pattern(pattern: Path) -> ShardSet:
    """The files that a pattern names. Raises InputError for more than `MOST_SHARDS`, OSError for a folder that cannot
    be read."""
    names = expanded(pattern.name)
    there = _entries(pattern.parent) if _can_be_listed(pattern.parent) else _of_named(pattern, names)
    chosen: dict[str, bool] = {}
    missing = []
    for name in names:
        if _WILD.intersection(name):
            chosen |= dict.fromkeys(fnmatch.filter(there, name), True)
        elif name in there:
            chosen[name] = True
        else:
            missing.append(name)
    links = tuple(sorted(name for name in chosen if not there[name]))
    found = tuple(pattern.parent / name for name in sorted(chosen) if there[name])
    _check_count(len(found), pattern)
    missing += [other for other in missing_of([path.name for path in found]) if _is_meant(other, names)]
    return ShardSet(found, tuple(missing), links)


def _can_be_listed(folder: Path) -> bool:
    return not isinstance(folder, MapsItself) or folder.is_dir()


def _of_named(pattern: Path, names: list[str]) -> dict[str, bool]:
    """Those of these names that are there, each asked for by itself, as web servers list nothing."""
    if any(_WILD.intersection(name) for name in names) or len(names) > MOST_ASKED:
        raise InputError(
            f"{pattern} stands for files of a place that cannot be listed: give their numbers in braces, as "
            f"train-{{00000..00009}}.tar, {MOST_ASKED} at most"
        )
    return {name: True for name in names if (pattern.parent / name).is_file()}


def _is_meant(name: str, patterns: list[str]) -> bool:
    return any(_WILD.intersection(pattern) and fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def expanded(name: str) -> list[str]:
    """The names that braces stand for. Raises InputError for more than `MOST_SHARDS`.

    >>> expanded("a-{08..10}.{tar,zst}")
    ['a-08.tar', 'a-08.zst', 'a-09.tar', 'a-09.zst', 'a-10.tar', 'a-10.zst']
    """
    parts = _BRACES.split(name)
    choices = [[part] if number % 2 == 0 else _choices(part) for number, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
        _check_count(count, Path(name))
    return ["".join(chosen) for chosen in itertools.product(*choices)]


def _choices(text: str) -> list[str]:
    found = _RANGE.fullmatch(text)
    if found is None:
        return text.split(",") if "," in text else ["{" + text + "}"]
    first, last = int(found[1]), int(found[2])
    _check_count(last - first + 1, Path(text))
    width = len(found[1]) if found[1].startswith("0") or len(found[1]) == len(found[2]) else 0
    return [str(number).zfill(width) for number in range(first, last + 1)]


def _check_count(count: int, pattern: Path) -> None:
    if count > MOST_SHARDS:
        raise InputError(f"{pattern} names more than {MOST_SHARDS:,} files; give a pattern of fewer")


def in_folder(folder: Path) -> list[ShardSet]:
    """The regular files of a folder, those together whose names differ by numbers alone, the most numerous first.

    Nothing of a folder with more entries than are looked at. Raises OSError where it cannot be read.
    """
    there = _entries(folder)
    if len(there) >= MOST_ENTRIES:
        return []
    alike: dict[str, list[str]] = {}
    for name in sorted(name for name, regular in there.items() if regular and not name.startswith(".")):
        alike.setdefault(re.sub(r"\d+", "#", name), []).append(name)
    groups = sorted(alike.values(), key=len, reverse=True)[:MOST_PATTERNS]
    return [ShardSet(tuple(folder / name for name in names), missing_of(names)) for names in groups]


def missing_of(names: list[str]) -> tuple[str, ...]:
    """The names that are not there of those that say their place and their number ("train-00000-of-00008")."""
    sets: dict[tuple[str, int, str, int], set[int]] = {}
    for name in names:
        found = _PLACE_AND_COUNT.search(name)
        if found is not None and 0 < int(found[2]) <= MOST_SHARDS:
            key = name[: found.start()], int(found[2]), name[found.end(1) :], len(found[1])
            sets.setdefault(key, set()).add(int(found[1]))
    return tuple(
        f"{before}{place:0{width}}{after}"
        for (before, count, after, width), places in sets.items()
        for place in range(count)
        if place not in places
    )


def _entries(folder: Path) -> dict[str, bool]:
    """Name -> whether it is a regular file, and no link; of what else lies there only links are named."""
    if isinstance(folder, MapsItself):  # at an address there are no links
        return {path.name: True for path in itertools.islice(folder.iterdir(), MOST_ENTRIES)}
    with os.scandir(folder) as entries:
        looked = itertools.islice(entries, MOST_ENTRIES)
        return {
            entry.name: not entry.is_symlink()
            for entry in looked
            if entry.is_symlink() or entry.is_file(follow_symlinks=False)
        }
