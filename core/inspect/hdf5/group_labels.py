"""Labels of images that are a dataset each: an attribute, a value beside the image, a list of all, a group's name.

What the file states goes first. The name of a group is taken for a class only where nothing else tells labels and the
groups look like folders of classes; that is a guess, and said to be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from ...base.contracts import Labels
from .. import arrays
from ..records import Label
from .facts import Facts, facts_of, look
from .file import Hdf5File
from .labels import STATED, TEXT, labels_for
from .name_hints import IMAGE_WORDS, SPLITS, words
from .spec import word
from .texts import text_of

ATTRIBUTES = (
    "label", "class", "target", "y", "category", "class_id", "label_id", "class_name", "labels", "caption", "captions",
    "text", "sentence", "prompt", "transcription",
)  # fmt: skip
"""Attributes that are a label, then those that are text about the image."""

LIBRARY_CLASSES = frozenset(
    ("IMAGE", "PALETTE", "TABLE", "ARRAY", "CARRAY", "EARRAY", "VLARRAY", "GROUP", "DIMENSION_SCALE", "INDEX")
)
"""What HDF5's own attribute CLASS says (HDF5 Image, Table and Dimension Scale specifications; PyTables)."""

VALUES = 64
"""Values that a dataset of one label has at most, a one-hot row among them."""

CLASS_PREFIXES = frozenset(("class", "classes", "label", "category", "cls", "c"))
WORDNET = re.compile(r"n\d{8}")
NUMBERED = re.compile(r"(.*?)[ _-]*\d+")

Labeller = Callable[[str], Label]
"""The label of the image in the dataset of this name."""


def labels_of(file: Hdf5File, leaf: str | None, names: Sequence[str]) -> tuple[Labeller | None, str, Labels | None]:
    """(labeller, how it is said, all labels as numbers) by the first way of telling labels that this file has.

    `names` are the datasets of the images, in their order; `leaf` is what all are called, where each lies in a group of
    its own.
    """
    for way in (_by_attribute, _by_neighbour, _by_twin):
        labeller, told = way(file, leaf, names)
        if labeller is not None:
            return labeller, told, None
    return _by_column(file, names) or _by_group(names) or (None, "", None)


def _by_attribute(file: Hdf5File, leaf: str | None, names: Sequence[str]) -> tuple[Labeller | None, str]:
    """An attribute of the dataset, or of the sample's group."""
    for owner, what in ((lambda name: name, "the dataset"), (_group_of, "its group")):
        if what == "its group" and leaf is None:
            break
        chosen = _label_attribute(file.attributes(owner(names[0])))
        if chosen is not None:
            return _attribute_labeller(file, owner, chosen), f"the attribute {chosen} of {what} is the label"
    return None, ""


def _label_attribute(attributes: Mapping[str, Any]) -> str | None:
    """The name of the attribute that is a label. HDF5's own CLASS says what a dataset is, not what is seen on it."""
    own = {name.lower(): name for name, value in attributes.items() if word(value).upper() not in LIBRARY_CLASSES}
    return next((own[known] for known in ATTRIBUTES if known in own), None)


def _attribute_labeller(file: Hdf5File, owner: Callable[[str], str], attribute: str) -> Labeller:
    def label(name: str) -> Label:
        value = file.attributes(owner(name)).get(attribute)
        return text if (text := text_of(file, value)) is not None else arrays.label_of(value)

    return label


def _by_neighbour(file: Hdf5File, leaf: str | None, names: Sequence[str]) -> tuple[Labeller | None, str]:
    """A dataset of one value beside the image, in the sample's own group."""
    if leaf is None and len(names) > 1:
        return None, ""
    group = _group_of(names[0])
    beside = [facts_of(file, name) for name in _children(file, group) if name != names[0]]
    known = [facts for facts in beside if facts is not None and _is_one_label(facts)]
    if not known:
        return None, ""
    chosen = max(known, key=_promise).leaf
    return _dataset_labeller(file, lambda name: f"{_group_of(name)}/{chosen}".lstrip("/")), f"{chosen} is its label"


def _promise(facts: Facts) -> tuple[int, int]:
    return facts.label_rank, facts.text_rank


def _children(file: Hdf5File, group: str) -> list[str]:
    prefix = f"{group}/" if group else ""
    return [name for name in file.datasets if name.startswith(prefix) and "/" not in name[len(prefix) :]]


def _is_one_label(facts: Facts) -> bool:
    """Whether a dataset is called like a label, or like text, and is small enough to be one."""
    leaf = words(facts.leaf)
    if any(word in IMAGE_WORDS for word in leaf):
        return False
    return _is_one_value(facts) and (facts.label_rank > 0 or facts.text_rank > 0)


def _is_one_value(facts: Facts) -> bool:
    row = prod(facts.shape) <= VALUES and prod(facts.shape) == max(facts.shape, default=1)
    return row and (facts.dtype.kind in "biuf" or facts.is_text)


def _by_twin(file: Hdf5File, leaf: str | None, names: Sequence[str]) -> tuple[Labeller | None, str]:
    """A dataset of the same name in a group of labels: images/0001 and labels/0001, or image_0001 and label_0001."""
    for image_word, label_word in (("images", "labels"), ("image", "label"), ("imgs", "labels"), ("img", "label"),
                                   ("x", "y"), ("data", "labels"), ("data", "label"), ("data", "target"),
                                   ("images", "captions"), ("image", "caption")):  # fmt: skip
        twin = names[0].replace(image_word, label_word, 1)
        facts = facts_of(file, twin) if twin != names[0] else None
        if facts is not None and twin not in names and _is_one_value(facts):
            return _dataset_labeller(file, _replacer(image_word, label_word)), f"{twin} is the label of {names[0]}"
    return None, ""


def _replacer(old: str, new: str) -> Callable[[str], str]:
    return lambda name: name.replace(old, new, 1)


def _dataset_labeller(file: Hdf5File, where: Callable[[str], str]) -> Labeller:
    def label(name: str) -> Label:
        facts = facts_of(file, where(name))
        if facts is None:
            return None
        value = file.rows(facts.dataset, 0, facts.shape[0] if facts.shape else 1)
        text = text_of(file, value)
        return text if text is not None else arrays.label_of(value.reshape(-1))

    return label


def _by_column(file: Hdf5File, names: Sequence[str]) -> tuple[Labeller, str, Labels | None] | None:
    """One dataset of as many labels as there are images, in the order in which people sort their names."""
    images = facts_of(file, names[0])
    known = set(names)
    looked = [facts for facts in look(file) if facts.name not in known]
    if images is None or len(names) < 2:
        return None
    column = labels_for(file, looked, images, len(names), kinds=[STATED, TEXT])
    if column is None or (column.kind == STATED and not column.facts.label_rank):
        return None
    places = {name: place for place, name in enumerate(names)}
    return (lambda name: column[places[name]]), column.told(), column.numbers()


def _by_group(names: Sequence[str]) -> tuple[Labeller, str, Labels | None] | None:
    """The name of the group, as in a folder for each class."""
    inner: dict[str, set[str]] = {}
    for name in names:
        group, _, leaf = name.rpartition("/")
        inner.setdefault(group.rpartition("/")[2], set()).add(leaf)
    if not _are_classes(list(inner), len(names)) or _are_parts(inner) or len({name.count("/") for name in names}) > 1:
        return None
    told = "the group's name is taken for the label, which is a guess: nothing else tells labels"
    return (lambda name: _group_label(_group_of(name).rpartition("/")[2])), told, None


def _are_classes(groups: Sequence[str], images: int) -> bool:
    """Whether groups look like folders of classes: a few, several images in each, not numbered like time points."""
    telling = [group for group in groups if not _is_role(group)]
    if len(telling) < 2 or 2 * len(telling) > images:
        return False
    return all(WORDNET.fullmatch(group) for group in telling) or not _are_numbered(telling)


def _are_numbered(groups: Sequence[str]) -> bool:
    """Whether all are one word and a number each, as t00000, Channel 1 and patient_07 are; bare numbers are not."""
    matched = [NUMBERED.fullmatch(group) for group in groups]
    prefixes = {match[1].lower() for match in matched if match is not None}
    if None in matched or len(prefixes) != 1 or prefixes == {""}:
        return False
    return CLASS_PREFIXES.isdisjoint(prefixes)


def _are_parts(inner: Mapping[str, set[str]]) -> bool:
    """Whether each group has the same datasets under names that are words: the cameras of a scene, not its class."""
    first, *others = inner.values()
    return all(other == first for other in others) and not any(re.search(r"\d", leaf) for leaf in first)


def _is_role(group: str) -> bool:
    return all(word in SPLITS or word in IMAGE_WORDS for word in words(group))


def _group_label(group: str) -> Label:
    return int(group) if group.isdigit() and len(group) < 10 else group


def _group_of(name: str) -> str:
    return name.rpartition("/")[0]
