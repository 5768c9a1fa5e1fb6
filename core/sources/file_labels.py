"""Classes from the names of files in a flat folder: WordNet ids, or one word before a number (cat.0.jpg, dog.12.jpg).

The second is a guess. It is made only where every file has such a name, the words are several and none of them is
alone, and no word is one that cameras, programs or splits write.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ..base.names import readable
from .folder_names import SPLIT_WORDS, holds_images, holds_labels

MOST_CLASSES = 10_000

_WORDNET_ID = re.compile(r"(n\d{8})_")
_WORD = re.compile(r"([^\W\d_]+(?:[ _.-][^\W\d_]+)*)[ _.-]*\(?\d+\)?")

# fmt: off
_NOBODYS = frozenset((
    "img", "image", "dsc", "dscn", "dscf", "dcim", "pxl", "mvi", "vid", "wa", "photo", "picture", "pic", "frame",
    "scan", "screenshot", "screen", "shot", "capture", "snap", "file", "page", "sample", "untitled", "download",
    "unnamed",
    "foto", "bild", "rimg", "gopr", "crop", "patch", "tile", "slice", "view", "left", "right", "front", "back", "copy",
))
"""Words that cameras and programs write."""
# fmt: on


def class_in_name(stem: str) -> str | None:
    """The class that a file's name without its ending tells, or None.

    >>> class_in_name("cat.12"), class_in_name("n01440764_tench"), class_in_name("Egyptian_Mau_3")
    ('cat', 'n01440764', 'Egyptian_Mau')
    """
    found = _WORDNET_ID.match(stem) or _WORD.fullmatch(stem)
    return found.group(1) if found else None


def classes_in_names(stems: Iterable[str]) -> tuple[set[str], bool] | None:
    """(classes, whether they are a guess) of the files of a flat folder; None where their names tell none."""
    counts: Counter[str] = Counter()
    for stem in stems:
        name = class_in_name(stem)
        if name is None:
            return None
        counts[name] += 1
        if len(counts) > MOST_CLASSES:
            return None
    if not counts:
        return None
    if all(_WORDNET_ID.match(f"{name}_") for name in counts):
        return set(counts), False
    sensible = len(counts) > 1 and min(counts.values()) > 1 and not any(map(_says_nothing, counts))
    return (set(counts), True) if sensible else None


def _says_nothing(word: str) -> bool:
    words = re.split(r"[ _.-]", word.lower())
    return (
        all(len(one) < 2 for one in words)
        or all(one in _NOBODYS for one in words)
        or any(one in SPLIT_WORDS for one in words)
        or holds_images(word)
        or holds_labels(word)
    )


def readable_stem(name: str) -> str:
    """A file's name without its ending as proper text."""
    return readable(name.rpartition(".")[0] or name)
