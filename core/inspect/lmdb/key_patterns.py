"""Several entries per sample, told apart by a part of their keys: "image-000000001" and "label-000000001", "17/img" and
"17/cls", "a.jpg" and "a.json".

A key is taken apart in one of three ways, into what says which sample it is and the rest, its role: by its longest run
of digits, by what follows its last separator, or by what precedes its first.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..contents import content_of
from .file import LmdbView
from .sidecar_facts import roles_with_shapes

MOST_ROLES = 12
_SEPARATORS = re.compile(rb"[-_/.:@ |#]")
_IMAGE_WORDS = re.compile(
    rb"(?i)im(a)?ge?s?(?![a-z])|img|rgb|jpe?g|png|webp|photo|pic|frame|input|data|pixels|^x(?![a-z])"
)
_LABEL_WORDS = re.compile(
    rb"(?i)labels?|lbl|target|class|cls|gt|annot|caption|text|txt|word|transcript|answer|ans|json|meta|info|^y(?![a-z])"
)

_BESIDE_WORDS = re.compile(
    rb"(?i)masks?(?![a-z])|seg(?![a-z])|segmentation|depth|disp(arity)?(?![a-z])|flow|normals?(?![a-z])|(?<![a-z])gt(?![a-z])|"
    rb"annot|labels?(?![a-z])|matte|alpha|trimap|thumb"
)
"""What images are called that belong to another one: masks, maps of depth."""

Split = Callable[[bytes], tuple[bytes, bytes] | None]
"""Key -> (role with a NUL where the identity goes, identity)."""


@dataclass(frozen=True, slots=True)
class Roles:
    """`image`, `label`, `shape`, `dtype` are roles: keys with a NUL for the identity; `others` the remaining ones."""

    split: Split
    image: bytes
    label: bytes | None
    others: tuple[bytes, ...]
    shape: bytes | None = None
    dtype: bytes | None = None

    def label_key(self, key: bytes) -> bytes | None:
        """The key of the label that belongs to an image's key."""
        return self.key_of(self.label, key)

    def key_of(self, role: bytes | None, key: bytes) -> bytes | None:
        """The key of another role that belongs to an image's key."""
        parts = self.split(key)
        return None if parts is None or role is None else role.replace(b"\x00", parts[1])


def by_digits(key: bytes) -> tuple[bytes, bytes] | None:
    runs = list(re.finditer(rb"\d+", key))
    if not runs or b"\x00" in key:
        return None
    run = max(runs, key=lambda one: (len(one.group()), one.start()))
    return key[: run.start()] + b"\x00" + key[run.end() :], run.group()


def by_suffix(key: bytes) -> tuple[bytes, bytes] | None:
    places = [found.start() for found in _SEPARATORS.finditer(key)]
    return (b"\x00" + key[places[-1] :], key[: places[-1]]) if places and places[-1] else None


def by_prefix(key: bytes) -> tuple[bytes, bytes] | None:
    found = _SEPARATORS.search(key)
    return (key[: found.end()] + b"\x00", key[found.end() :]) if found and found.end() < len(key) else None


def roles_of(file: LmdbView, sample: Sequence[tuple[bytes, bytes]]) -> Roles | None:
    """The roles of a database's keys; None where each entry is a sample of its own."""
    for split in (by_digits, by_suffix, by_prefix):
        values: dict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)
        for key, value in sample:
            parts = split(key)
            if parts is not None:
                values[parts[0]].append((parts[1], value))
        found = _roles(file, split, values, len(sample)) if 2 <= len(values) <= MOST_ROLES else None
        if found is not None:
            return found
    return None


def _roles(file: LmdbView, split: Split, values: Mapping[bytes, list[tuple[bytes, bytes]]], total: int) -> Roles | None:
    counts = Counter({role: len(found) for role, found in values.items()})
    common = [role for role, count in counts.items() if count > 1]
    if sum(counts[role] for role in common) * 4 < total * 3:
        return None
    shaped = roles_with_shapes({role: values[role] for role in common})
    if shaped is not None:
        return _of_shaped(split, shaped, common)
    images = [role for role in common if _are_images(values[role])]
    if not images:
        return None
    image = max(images, key=lambda role: (bool(_IMAGE_WORDS.search(role)), -len(role)))
    others = [role for role in common if role != image and _go_together(file, image, role, values)]
    labels = [role for role in others if role not in images]
    if not labels:
        beside = [role for role in others if _BESIDE_WORDS.search(role)]
        plain = image if not _BESIDE_WORDS.search(image) else None
        return (
            Roles(split, image, None, tuple(others)) if plain is not None and len(beside) == len(others) > 0 else None
        )
    label = max(labels, key=lambda role: (bool(_LABEL_WORDS.search(role)), -len(role)))
    return Roles(split, image, label, tuple(role for role in others if role != label))


def _of_shaped(split: Split, shaped: tuple[bytes, bytes, bytes | None], common: Sequence[bytes]) -> Roles:
    """Bare pixels with their shapes beside them, and the label among the others."""
    image, shape, dtype = shaped
    others = [role for role in common if role not in shaped]
    label = max(others, key=lambda role: (bool(_LABEL_WORDS.search(role)), -len(role)), default=None)
    return Roles(split, image, label, tuple(role for role in others if role != label), shape, dtype)


def _are_images(found: Sequence[tuple[bytes, bytes]]) -> bool:
    contents = [content_of(value) for _, value in found[:4]]
    return sum(bool(content.is_image) for content in contents) * 2 > len(contents)


def _go_together(file: LmdbView, image: bytes, other: bytes, values: Mapping[bytes, list[tuple[bytes, bytes]]]) -> bool:
    """Whether most samples that have the image have the other role too."""
    asked = [identity for identity, _ in values[image][:8]]
    found = 0
    for identity in asked:
        try:
            found += file.index_of(other.replace(b"\x00", identity)) is not None
        except (ValueError, IndexError):
            continue
    return found * 2 > len(asked)


def positions_of(file: LmdbView, roles: Roles) -> npt.NDArray[np.int64]:
    """The entries that are images, ascending: those of other roles may begin (and end) alike."""
    digits = roles.split is by_digits
    before, _, behind = roles.image.partition(b"\x00")
    positions = file.tree.between(before, behind, digits)
    for other in (roles.label, roles.shape, roles.dtype, *roles.others):
        first, _, last = (other or b"").partition(b"\x00")
        if other is not None and first == before and last.endswith(behind) and last != behind:
            positions = np.setdiff1d(positions, file.tree.between(first, last, digits), assume_unique=True)
    return positions
