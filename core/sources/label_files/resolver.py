"""Which image file a table's cell means: by its path, by a path's end, by name, by stem; never by chance.

A cell only ever chooses among the files that were listed below the root, so that nothing outside is opened, whatever a
table says. What leads out is refused by name, and so is a name that several files have.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...base.names import readable
from ..folder_names import holds_labels, split_name
from ..tree import IMAGE_ENDINGS
from .catalogue import ImageCatalogue, ImageOnDisk
from .table import as_text, is_missing

LONGEST = 1_000
"""Characters of a cell that may name a file."""

_DRIVE = re.compile(r"[A-Za-z]:/")
_SHOWN = 80


class Spelling(NamedTuple):
    """How a table writes paths: `prefix` is in front of them all and left away, endings count or (`loose`) do not."""

    prefix: str = ""
    loose: bool = False


class WantedName(NamedTuple):
    """A path: below the root or, if `relative`, below the table's folder; if `anywhere`, the end of one."""

    inside: str
    relative: bool = False
    anywhere: bool = False


class ImageResolver:
    """Looks names up in `catalogue` as a table in the folder `base` writes them."""

    def __init__(self, catalogue: ImageCatalogue, base: Path) -> None:
        self._catalogue = catalogue
        self.root = root = catalogue.root
        self._base = base.relative_to(root).parts if base.is_relative_to(root) else ()
        self._roots = [_parts(str(root)), _parts(os.path.realpath(root))]
        self.spelling = Spelling()
        self.by_folder = 0
        """Names that several files have, of which one was taken by the folder it lies in."""

    def learn(self, values: Sequence[Any]) -> int:
        """Find out how these values are written; returns how many of them name a file so."""
        texts = [as_text(value) for value in values if not is_missing(value) and not isinstance(value, list | dict)]
        prefix = _common_folder(texts)
        spellings = [Spelling(), Spelling(prefix), Spelling("", True), Spelling(prefix, True)]
        hits: dict[Spelling, int] = {}
        for spelling in dict.fromkeys(spellings):
            if spelling.loose and any(hits.values()):
                break  # endings are left away only where no file has the one that is said
            self.spelling = spelling
            hits[spelling] = sum(not isinstance(found := self._candidates(one), str) and bool(found) for one in texts)
        most = max(hits.values())
        self.spelling = next(spelling for spelling, number in hits.items() if 2 * number >= most)
        return hits[self.spelling]

    def find(self, value: Any, split: str = "") -> ImageOnDisk | str:
        """The image that a cell means, or why there is none; `split` chooses among folders called after splits."""
        if is_missing(value):
            return "it names no image"
        if isinstance(value, list | dict):
            return "its image is a list or an object, not a name"
        text = as_text(value)
        found = self._candidates(text)
        if isinstance(found, str):
            return found
        if not found:
            return f"there is no image {shown(text)}"
        if len(found) == 1:
            return found[0]
        images = [one for one in found if not any(map(holds_labels, one.inside.split("/")[:-1]))]
        of_split = [one for one in images if folder_split(one.inside) == (split or "train")]
        for few in (images, of_split):
            if len(few) == 1:
                self.by_folder += 1
                return few[0]
        places = " and ".join(one.inside for one in found[:2])
        return f"{shown(text)} may be {len(found)} images ({places}{', ...' if len(found) > 2 else ''})"

    def _candidates(self, text: str) -> list[ImageOnDisk] | str:
        wanted = self._wanted(text)
        if isinstance(wanted, str):
            return wanted
        inside = wanted.inside
        stems: tuple[bool, ...] = (False, True)
        if self.spelling.loose:
            inside, stems = _without_ending(inside), (True,)
        below_table = ["/".join((*self._base, inside))] if self._base and wanted.relative else []
        for place in below_table:
            for by_stem in stems:
                if found := self._catalogue.at(place, by_stem):
                    return found
        look = self._catalogue.at_or_below if wanted.anywhere else self._catalogue.at
        for by_stem in stems:
            if found := look(inside, by_stem):
                return found
        return []

    def _wanted(self, text: str) -> WantedName | str:
        """The path below the root that a cell means, or why it is none."""
        if len(text) > LONGEST:
            return f"a text of {len(text):,} characters names no image"
        if "\0" in text:
            return f"{shown(text)} has a zero byte in it, so it names no file"
        path = text.replace("\\", "/").removeprefix("file://")
        prefix = self.spelling.prefix
        if prefix and path.startswith(prefix):
            inside = _climbed((), path[len(prefix) :])
            return _leads_out(text) if inside is None else WantedName(inside, relative=True)
        if _is_absolute(path):
            parts = _parts(path)
            root = next((root for root in self._roots if parts[: len(root)] == root), None)
            inside = None if root is None or ".." in parts else "/".join(parts[len(root) :])
            return _leads_out(text) if inside is None else WantedName(inside)
        if ".." in path.split("/"):
            inside = _climbed(self._base, path)
            return _leads_out(text) if inside is None else WantedName(inside)
        return WantedName("/".join(_parts(path)), relative=True, anywhere=True)


def _leads_out(text: str) -> str:
    return f"{shown(text)} leads out of the folder of the images, so it was not opened"


def shown(text: str) -> str:
    """A cell in quotes, cut."""
    return repr(readable(text[:_SHOWN]) + ("..." if len(text) > _SHOWN else ""))


def folder_split(inside: str) -> str:
    """The split that the folders of a path speak of, or ""."""
    named = (split_name(part) for part in inside.split("/")[:-1])
    return next((name.split for name in named if name is not None and not name.rest), "")


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part not in ("", "."))


def _climbed(base: tuple[str, ...], path: str) -> str | None:
    """A path with `..` in it, from `base` on, without them; None where it leads above the root."""
    parts = list(base)
    for part in _parts(path):
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return "/".join(parts)


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or _DRIVE.match(path) is not None


def _without_ending(inside: str) -> str:
    stem, dot, ending = inside.rpartition(".")
    return stem if dot and (f".{ending.lower()}" in IMAGE_ENDINGS or ending.lower() in ("dcm", "dicom")) else inside


def _common_folder(texts: Sequence[str]) -> str:
    """The folders in front of nearly all paths, with a slash behind, where they are not here: another machine's."""
    paths = [text.replace("\\", "/") for text in texts if len(text) <= LONGEST]
    absolute = [path for path in paths if _is_absolute(path) or "://" in path]
    chosen = absolute if len(absolute) > len(paths) / 2 else [path for path in paths if "/" in path]
    tops = Counter(path.split("/")[1 if path.startswith("/") else 0] for path in chosen)
    if not tops:
        return ""
    top, times = tops.most_common(1)[0]
    alike = [path for path in chosen if path.split("/")[1 if path.startswith("/") else 0] == top]
    split = [path.split("/")[:-1] for path in alike if ".." not in path.split("/")]
    if times <= len(paths) / 2 or not split:
        return ""
    same = [parts[0] for parts in zip(*split, strict=False) if len(set(parts)) == 1]
    folder = "/".join(same) if all(parts[: len(same)] == same for parts in split) else ""
    return f"{folder}/" if folder and not (_is_absolute(folder) and os.path.lexists(folder)) else ""
