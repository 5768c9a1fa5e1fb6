"""Classes in keys: the folder of a path, or the word before a number. Only where nothing in the file states labels,
and only where they look like classes: several keys share each, and none is called like a split, a view or a clip."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from ..records import Label

_NO_CLASSES = frozenset(
    (
        "train", "training", "trn", "test", "testing", "tst", "val", "valid", "validation", "dev", "eval", "extra",
        "all", "trainval", "minival", "seg", "pred", "unlabeled", "labeled", "query", "gallery", "support",
        "images", "image", "imgs", "img", "jpegimages", "jpeg", "jpegs", "jpg", "jpgs", "png", "pngs", "photos",
        "photo", "pictures", "picture", "pics", "pic", "rgb", "rgba", "gray", "grey", "color", "colour", "colors",
        "depth", "depths", "disparity", "disp", "flow", "normals", "normal", "mask", "masks", "label", "labels",
        "lbl", "annotations", "annotation", "annos", "gt", "groundtruth", "target", "targets", "seg",
        "segmentation", "semantic", "instance", "instances", "frame", "frames", "video", "videos", "clip", "clips",
        "seq", "sequence", "sequences", "scene", "scenes", "shot", "shots", "left", "right", "front", "back",
        "rear", "top", "bottom", "side", "center", "centre", "cam", "camera", "cameras", "view", "views", "lr",
        "hr", "sr", "lq", "hq", "bicubic", "input", "inputs", "output", "outputs", "source", "src", "data",
        "dataset", "datasets", "db", "samples", "sample", "raw", "original", "originals", "processed", "crop",
        "crops", "aligned", "resized", "patch", "patches", "tile", "tiles", "part", "parts", "batch", "batches",
        "chunk", "shard", "split", "fold", "thumbnails", "thumbnail", "thumbs", "files", "file", "item", "items",
        "entry", "entries", "key", "value", "record", "records", "id", "ids", "index", "row", "page", "pages",
        "doc", "docs", "folder", "folders", "dir", "user", "users", "person", "persons",
        "subject", "subjects", "patient", "patients", "case", "cases", "session", "sessions", "run", "runs", "exp",
        "experiment", "day", "days", "date", "month", "year", "time", "timestamp",
    )
)  # fmt: skip
"""Words that folders and files are called by what they are, and not by what is seen in them."""

_COUNTED = re.compile(
    r"(?i)(?:[a-z]*?[-_ ]?)?(?:im|img|image|photo|pic|vid|video|clip|seq|sequence|scene|shot|frame|cam|camera|view|"
    r"patient|subject|case|session|run|day|date|part|batch|chunk|shard|tile|slice|episode|sample|item|fold|split|"
    r"room|area|traj|trajectory|demo)s?[-_ ]?\d+.*|\d+[-_ ]?(?:img|image|frame|clip|video|seq|photo)s?"
)
"""Folders that are counted: clips, patients, sequences."""

_NUMBERED = re.compile(r"0\d{2,}|\d{4,}")
"""Folders that are numbers of several digits: clips and parts are called so (000, 00017), classes seldom."""

_PADDED = re.compile(r"(?i)^(?!.*(?:class|cls|label|categ|synset)).*?(?<!\d)0\d{2,4}(?!\d)")

_WORD_AND_NUMBER = re.compile(r"([A-Za-z]{3,}(?:[-_ ]?[A-Za-z]+)*)[-_ ]?(\d+)")


class KeyClasses:
    """The class is a part of the key."""

    def __init__(self, part: Callable[[str], str | None], why: str) -> None:
        self._part = part
        self.why = why

    def label(self, index: int, key: bytes) -> Label:
        return self._part(key.decode("utf-8", "replace"))


def in_keys(keys: Sequence[bytes]) -> KeyClasses | None:
    """Classes in keys like these, a sample of a database's; None where there are none."""
    texts = [key.decode("utf-8", "replace") for key in keys]
    for level in (1, 2):
        part = _folder(level)
        if _are_classes([part(text) for text in texts]):
            which = "" if level == 1 else " but one"
            return KeyClasses(part, f"each label is the last folder{which} of the path that is the key")
    if _are_classes([_word(text) for text in texts], words_only=True):
        return KeyClasses(_word, "each label is taken from the words before the number in the key, which is a guess")
    return None


def _folder(level: int) -> Callable[[str], str | None]:
    def folder(key: str) -> str | None:
        folders = key.replace("\\", "/").split("/")[:-1]
        return folders[-level] or None if len(folders) >= level else None

    return folder


def _word(key: str) -> str | None:
    """The "Pasture" of "Pasture_17"; none of a path."""
    found = _WORD_AND_NUMBER.fullmatch(key)
    return found.group(1).rstrip("-_ ") if found else None


def _are_classes(parts: Sequence[str | None], words_only: bool = False) -> bool:
    """Whether these are names of classes: several, each of several keys or at least a word, and no usual other."""
    counted = Counter(part for part in parts if part is not None)
    if len(counted) < 2 or None in parts or any(_is_no_class(part) for part in counted):
        return False
    if len({re.sub(r"\d+", "", part) for part in counted}) == 1 and any(map(_PADDED.search, counted)):
        return False  # S_000, S_001: counted, and nothing says that these are classes
    shared = sum(count for count in counted.values() if count > 1)
    return 5 * shared >= 2 * len(parts) or (not words_only and all(part.isalpha() for part in counted))


def _is_no_class(part: str) -> bool:
    lowered = part.lower()
    words = [word for word in re.split(r"[^a-z]+", lowered) if word]
    counted = _COUNTED.fullmatch(part) or _NUMBERED.fullmatch(part)
    return counted is not None or (bool(words) and all(word in _NO_CLASSES for word in words))
