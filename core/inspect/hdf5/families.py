"""Groups in which each dataset, or each inner group, is one sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from .. import arrays
from ..display import native
from ..values import image_encoding
from . import layouts as hdf5_layouts
from . import nature, origins
from . import spec as hdf5_spec
from .candidates import SMOOTH, smoothness
from .doubles import doubles, lies_beside
from .facts import Facts, by_group, facts_of, look, spread
from .file import Hdf5File
from .layout_choice import single_layout
from .name_hints import BESIDE, IMAGE_WORDS, SURE_WORDS, UNLIKELY, has, natural, rank, surely_images, words
from .values import bytes_of, is_bytes

PROBE = 12
"""Datasets of a family that are looked at."""


@dataclass(frozen=True)
class Family:
    """Datasets that are an image each. `leaf` is the name that all have in their own groups, where that is so."""

    names: list[str]
    leaf: str | None = None


def image_layout(facts: Facts) -> str | None:
    """The axes of a dataset that is one image; None for one that is none by its shape and type."""
    if not facts.is_numbers or has(facts.called, UNLIKELY):
        return None
    return single_layout(facts)


def is_image(facts: Facts | None) -> bool:
    """Whether one dataset is one image: pixels, or the bytes of an image file."""
    if facts is None:
        return False
    if image_layout(facts) is not None:
        return _plausible(facts)
    return _encoded(facts)


def _plausible(facts: Facts) -> bool:
    """By type and size where these tell, else by name or by values: a table of numbers has an image's shape too."""
    layout = image_layout(facts) or ""
    sides = [facts.shape[layout.index(axis)] for axis in "HW"]
    told = hdf5_spec.is_image(facts.attributes)
    if layout in ("HWC", "HW") and not facts.matlab and _has_a_label_a_row(facts):
        return False
    refused = None if told else origins.refusal(facts)
    if refused is not None:
        facts.file.doubts[facts.name] = refused
        return False
    if told or hdf5_spec.word(facts.attributes.get("CLASS")) in ("TABLE", "PALETTE"):
        return told
    if facts.dtype.kind != "b" and facts.dtype != np.uint8:
        image = _read(facts, layout)
        height, width = sides
        doubt = nature.doubt([] if image is None else [image], surely_images(facts.called), (height, width))
        if doubt is not None:
            facts.file.doubts[facts.name] = doubt
        return doubt is None
    known = IMAGE_WORDS if "C" in layout else SURE_WORDS
    if rank(facts.leaf, known) > 0:
        return True
    if min(sides) < 4:
        return False
    if facts.dtype == np.uint8 and "C" in layout and min(sides) >= hdf5_layouts.LEAST:
        image = _read(facts, layout)
        return image is None or not nature.is_one_hot(image)
    return min(sides) >= hdf5_layouts.LEAST and _is_smooth(facts, layout)


def _has_a_label_a_row(facts: Facts) -> bool:
    """Whether there are labels for the rows of an array: then it is many samples and not one image."""
    rows = facts.shape[0]
    return rows > 4 and any(
        prod(other.shape) == rows and other.label_rank and other.group == facts.group for other in look(facts.file)
    )


def _read(facts: Facts, layout: str) -> arrays.Array | None:
    """The image, upright; of a grey one no more than its first rows. None where it cannot be read."""
    try:
        rows = min(facts.shape[0], 512) if facts.shape else 0
        values = native(facts.file.rows(facts.dataset, 0, rows if "C" not in layout else facts.shape[0]))
    except ValueError:
        return None
    return hdf5_layouts.upright(values, layout)


def _is_smooth(facts: Facts, layout: str) -> bool:
    image = _read(facts, layout)
    if image is None:
        return False
    if image.dtype.kind == "b" or len(set(image.reshape(-1)[:4096].tolist())) <= 2:
        return True
    return smoothness(image if image.ndim == 2 else image[:, :, 0]) >= SMOOTH


def _encoded(facts: Facts) -> bool:
    """Whether the dataset is the bytes of one image file: a scalar of bytes, or a row of uint8."""
    row = len(facts.shape) == 1 and facts.dtype.kind in "ui" and facts.dtype.itemsize == 1
    if not row and not (facts.is_bytes and facts.shape in ((), (1,))):
        return False
    try:
        values = facts.file.rows(facts.dataset, 0, min(facts.shape[0], 1 << 12) if row else 1)
    except ValueError:
        return False
    value = values if row else values.reshape(-1)[0]
    return is_bytes(value) and image_encoding(bytes_of(value)) is not None


def families(file: Hdf5File) -> list[Family]:
    """Sample groups where there are any, else groups whose datasets are images. Names in the order people sort them."""
    groups = by_group(file)
    groups = {name: leaves for name, leaves in groups.items() if not name.startswith(("#refs#", "#subsystem#"))}
    return _without_doubles(file, _sample_groups(file, groups) or _image_groups(file, groups))


def _without_doubles(file: Hdf5File, found: list[Family]) -> list[Family]:
    """The same without masks that lie in a group of their own, smaller copies and thumbnails."""
    plain = [family for family in found if not all(lies_beside(name) for name in family.names[:PROBE])]
    for family in found if plain else ():
        if family not in plain:
            file.beside |= dict.fromkeys(family.names, "called like a mask or a map")
    kept = plain or found
    names = [name for family in kept for name in family.names]
    if len(names) > 1:
        file.beside |= doubles(file, names)
    kept = [Family([name for name in family.names if name not in file.beside], family.leaf) for family in kept]
    return [family for family in kept if family.names]


def _sample_groups(file: Hdf5File, groups: dict[str, list[str]]) -> list[Family]:
    """Groups that have a dataset of the same name in them, which is an image: one sample a group."""
    alike: dict[str, list[str]] = {}
    for group, names in groups.items():
        for name in names if group and len(names) <= 64 else ():
            alike.setdefault(name.rpartition("/")[2], []).append(name)
    likely = [leaf for leaf, names in alike.items() if len(names) > 1 and _is_a_role(leaf, names, groups)]
    for leaf in sorted(likely, key=lambda leaf: _merit(leaf, alike), reverse=True)[:16]:
        if _mostly_images(file, alike[leaf]):
            return [Family(sorted(alike[leaf], key=natural), leaf)]
    return []


def _is_a_role(leaf: str, names: Sequence[str], groups: dict[str, list[str]]) -> bool:
    """Whether a name says what the dataset is, and not which of many it is: image, not 0001."""
    if not any(word.isalpha() for word in words(leaf)):
        return False
    if rank(leaf, IMAGE_WORDS):
        return True
    most = max(len(groups[name.rpartition("/")[0]]) for name in names[:100])
    return len(names) > most and not any(word.isdigit() for word in words(leaf))


def _merit(leaf: str, alike: dict[str, list[str]]) -> tuple[bool, int, int]:
    return not has(leaf, BESIDE), rank(leaf, IMAGE_WORDS), len(alike[leaf])


def _mostly_images(file: Hdf5File, names: list[str]) -> bool:
    looked = list(spread(names, PROBE))
    return 2 * sum(is_image(facts_of(file, name)) for name in looked) >= len(looked)


def _image_groups(file: Hdf5File, groups: dict[str, list[str]]) -> list[Family]:
    """Groups of which half the datasets are images; what lies beside an image (a mask, a table) is left out."""
    found: list[Family] = []
    for _group, names in sorted(groups.items(), key=lambda item: natural(item[0])):
        images = _images_among(file, names)
        if images:
            found.append(Family(sorted(images, key=natural)))
    return found


def _images_among(file: Hdf5File, names: list[str]) -> list[str]:
    if len(names) > PROBE * 4:
        return names if _mostly_images(file, names) else []
    images = [name for name in names if is_image(facts_of(file, name))]
    plain = [name for name in images if not has(name, BESIDE)]
    return (plain or images) if 4 * len(images) >= len(names) else []
