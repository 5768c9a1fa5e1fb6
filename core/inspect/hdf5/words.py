"""What names promise: which datasets hold images, which labels, which class names, and of which split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

IMAGE_WORDS = (
    "images", "image", "imgs", "img", "pictures", "picture", "photos", "photo", "pixels", "frames", "frame", "x",
    "data", "faces", "face", "digits", "inputs", "input", "features", "samples", "patches", "patch", "crops", "rgb",
    "slices", "color",
)  # fmt: skip
"""The surest first."""

LABEL_WORDS = (
    "labels", "label", "y", "targets", "target", "ans", "classes", "class", "meta", "category", "categories", "lbl",
    "lbls", "gt", "annotations", "outputs", "output", "ids", "identity", "truth",
)  # fmt: skip

CLASS_NAME_WORDS = (
    "list_classes", "class_names", "classnames", "label_names", "labelnames", "classes", "categories", "names",
    "class_list", "label_list", "labels_names", "fine_label_names", "category_names", "idx_to_class", "label_map",
    "meta_classes", "labels_name", "target_names", "labels", "class",
)  # fmt: skip

SPLITS = {
    "train": "train", "training": "train", "trn": "train", "tr": "train",
    "test": "test", "testing": "test", "tst": "test", "te": "test",
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "eval": "val",
    "extra": "extra", "unlabeled": "unlabeled", "query": "query", "gallery": "gallery",
}  # fmt: skip

UNLIKELY = frozenset(
    (
        "kernel", "weight", "weights", "bias", "gamma", "beta", "moving", "mean", "variance", "embedding",
        "embeddings", "optimizer", "momentum", "gradient", "descriptor", "descriptors", "keypoints", "scores",
        "bbox", "boxes", "landmarks", "coords", "coordinates", "pose", "state", "action", "reward", "palette",
        "lut", "colormap",
    )
)  # fmt: skip
"""Words of arrays that have an image's shape now and then and are none."""

BESIDE = frozenset(
    (
        "mask", "masks", "seg", "segmentation", "depth", "depths", "rawdepths", "instances", "label", "labels",
        "gt", "flow", "normals", "mean", "std", "average",
    )
)  # fmt: skip
"""Words of arrays that lie beside images: shown as images only where there is nothing better."""


@lru_cache(maxsize=1 << 14)
def words(path: str) -> tuple[str, ...]:
    """The words of a path in lower case: "train/setX_1" gives train, set, x, 1."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", path)
    split: list[str] = []
    for word in (word.lower() for word in found):
        joined = re.fullmatch(r"(x|y)(train|test|val|valid|tr|te)|(train|test|val|valid)(x|y|set)", word)
        split += [part for part in joined.groups() if part] if joined else [word]
    return tuple(split)


def rank(path: str, known: Sequence[str]) -> int:
    """How much a name promises: the earlier in `known`, the more; the last part of the path counts for most."""
    *groups, leaf = path.split("/")
    return 2 * _best(words(leaf), known) or _best(words("/".join(groups[-2:])), known)


def _best(given: Sequence[str], known: Sequence[str]) -> int:
    return max((len(known) - known.index(word) for word in given if word in known), default=0)


def split_of(path: str) -> str | None:
    """ "train", "test", "val", ... where the name says so."""
    return next((SPLITS[word] for word in reversed(words(path)) if word in SPLITS), None)


def has(path: str, known: frozenset[str]) -> bool:
    """Whether the last part of a path has one of these words."""
    return not known.isdisjoint(words(path.rpartition("/")[2]))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """The key by which people sort names: img2 before img10."""
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d{1,18}|\D+", name))
