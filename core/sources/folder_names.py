"""What people call folders of splits, of images and of what belongs to images; and how classes are put in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SPLIT_ORDER = ("train", "val", "test")

SPLIT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training", "trainset", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "valset", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "testset", "eval", "evaluation"), "test"),
}

# fmt: off
_NEUTRAL = frozenset((
    "images", "image", "imgs", "img", "data", "dataset", "set", "folder", "dir", "split", "pictures", "pics", "photos",
    "jpg", "jpeg", "jpgs", "png", "pngs", "files", "samples",
))
"""Words beside a split's that say nothing: "train_images" is a name of train."""

_IMAGES = frozenset(("images", "image", "imgs", "img", "jpegimages", "jpegs", "photos", "pictures", "pics", "frames"))
_LABELS = frozenset((
    "mask", "masks", "label", "labels", "annotation", "annotations", "annot", "annots", "anno", "annos",
    "segmentation", "segmentations", "gt", "gts", "groundtruth", "ground", "trimap", "trimaps", "matte", "mattes",
    "instances", "panoptic", "semantic", "contours", "manual", "target", "targets", "bbox", "boxes",
))
_MASKS = frozenset((
    "mask", "masks", "label", "labels", "annotation", "annotations", "segmentation", "segmentations", "gt",
    "groundtruth", "trimap", "trimaps",
))
_PARTS = frozenset(("part", "parts", "chunk", "batch", "shard", "volume", "vol", "subset", "fold"))
_PERSONS = frozenset((
    "patient", "subject", "person", "user", "participant", "volunteer", "case", "study", "series", "scan", "session",
    "visit", "video", "clip", "sequence", "seq", "scene",
))
_THUMBNAILS = frozenset(("thumb", "thumbs", "thumbnail", "thumbnails"))
_AUGMENTED = frozenset(("augmented", "augmentation", "augmentations", "aug"))
# fmt: on

_TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_COUNTED = re.compile(r"(\D*?)\W*[0-9]+\W*([^\W\d]{0,3})")
_NUMBERED = re.compile(r"(.*?[^0-9])([0-9]{1,18})")


class SplitName(NamedTuple):
    """A folder's name that has a split's word in it: what else it says ("seg" of "seg_train"), and whether nothing."""

    split: str
    rest: str
    pure: bool


def tokens(name: str) -> list[str]:
    """
    >>> tokens("SegmentationClass"), tokens("trainA"), tokens("seg_train"), tokens("val2017")
    (['segmentation', 'class'], ['train', 'a'], ['seg', 'train'], ['val', '2017'])
    """
    return [token.lower() for token in _TOKEN.findall(name)]


def split_name(name: str) -> SplitName | None:
    """The one split that a folder's name speaks of, if there is one."""
    words = tokens(name)
    splits = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    if len(splits) != 1:
        return None
    spelled = _TOKEN.findall(name)
    neutral = (*SPLIT_WORDS, *_NEUTRAL)
    rest = [word for word in spelled if word.lower() not in neutral and not word.isdigit()]
    return SplitName(splits.pop(), " ".join(rest), len(words) == 1)


def holds_images(name: str) -> bool:
    """Whether a folder is called images, or JPEGImages, or another such word and nothing else."""
    words = tokens(name)
    return "".join(words) in _IMAGES or (len(words) > 1 and words[-1] in _IMAGES and not holds_labels(name))


def holds_labels(name: str) -> bool:
    """Whether a folder's name has a word in it for what belongs to images: masks, labels, annotations."""
    return not _LABELS.isdisjoint(tokens(name))


class PartName(NamedTuple):
    """The name of one of several parts of a folder: its words, and its number ("images", 3 of "images_003")."""

    words: tuple[str, ...]
    number: int

    @property
    def is_fold(self) -> bool:
        return self.words[-1] == "fold"


def part_name(name: str) -> PartName | None:
    """
    >>> part_name("HAM10000_images_part_2"), part_name("class_2")
    (PartName(words=('ham', '10000', 'images', 'part'), number=2), None)
    """
    *words, last = tokens(name) or [""]
    if not words or not last.isdecimal():
        return None
    says_nothing = all(word in _NEUTRAL or word in _IMAGES for word in words)
    return PartName(tuple(words), int(last)) if says_nothing or words[-1] in _PARTS else None


def holds_masks(name: str) -> bool:
    """Whether a folder is called masks or labels, or another such word, and nothing else."""
    words = set(tokens(name))
    return bool(words & _MASKS) and words <= _MASKS | _NEUTRAL


def holds_thumbnails(name: str) -> bool:
    """Whether a folder is called thumbnails, or another such word, whatever numbers are behind it."""
    words = {word for word in tokens(name) if word != "x" and not word.isdecimal()}
    return bool(words & _THUMBNAILS) and words <= _THUMBNAILS | _NEUTRAL


def is_augmented(name: str) -> bool:
    """Whether a folder's name says that it holds altered copies of other images."""
    return not _AUGMENTED.isdisjoint(tokens(name))


def says_nothing(name: str) -> bool:
    """Whether a folder's name has only words that say nothing, as data_256 and image_2 have."""
    words = [word for word in tokens(name) if not word.isdecimal()]
    return bool(words) and all(word in _NEUTRAL or word == "standard" for word in words)


def are_of_persons(names: Iterable[str]) -> bool:
    """Whether names count persons or recordings: patient001, patient002."""
    found = list(names)
    return are_counted(found) and not _PERSONS.isdisjoint(tokens(found[0])) if found else False


def are_counted(names: Iterable[str]) -> bool:
    """Whether names are numbers, or one word with different numbers: 00, 01; user1, user2; Patient (1); 40X, 100X."""
    parts = [_COUNTED.fullmatch(name) for name in names]
    return all(parts) and len({(part[1].casefold(), part[2].casefold()) for part in parts if part}) == 1


def in_order(classes: Iterable[str]) -> list[str]:
    """Sorted as text; where all are numbers, or one word with numbers behind it, by these.

    >>> in_order(["10", "9", "1"]), in_order(["c10", "c9"]), in_order(["b", "10", "9"])
    (['1', '9', '10'], ['c9', 'c10'], ['10', '9', 'b'])
    """
    names = sorted(set(classes))
    if all(_NUMBER.fullmatch(name) for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    parts = [_NUMBERED.fullmatch(name) for name in names]
    if all(parts) and len({part.group(1) for part in parts if part}) == 1:
        return sorted(names, key=lambda name: int(_NUMBERED.fullmatch(name).group(2)))  # type: ignore[union-attr]
    return names
