"""The label of a record of named fields: the one that the file declares, else the one that is called so.

Labels of the things in an image (beside boxes) are not its own. Those that stand in a file of further facts beside it
(JSON) come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..contents.named import BOXES, LABELS, OBJECTS, as_label, is_long, label_among
from ..records import Label
from .declared import Declared

_CAPTIONS = frozenset(("text", "caption", "transcript", "word", "txt", "answer", "ans", "annotation"))
"""Words about an image, which in a file of facts are no class."""

_NAMES = ("label_name", "label_text", "class_name", "class_text", "category_name", "synset")
"""What the name of a class is called beside its number."""

_IN_FOLDER = ("text", "name")
"""The same, where both names begin alike ("image/class/"); elsewhere these speak of the image."""


def label_of(fields: Mapping[str, Any], declared: Declared, images: Iterable[str] = ()) -> Label:
    """The label; None where there is none. `images`: the fields that are images."""
    if declared.label is not None:
        return None if (value := fields.get(declared.label)) is None else as_label(value)
    left = _own(fields, frozenset(images))
    label = label_among(left, "")
    if label is not None:
        return label
    for value in fields.values():
        if isinstance(value, Mapping):
            facts = {name: fact for name, fact in _own(value, frozenset()).items() if name not in _CAPTIONS}
            label = label_among({name: fact for name, fact in facts.items() if not isinstance(fact, Mapping)}, "")
            if label is not None:
                return label
    return None


def label_field(fields: Mapping[str, Any], images: Iterable[str] = ()) -> str | None:
    """The name of the field that the label is taken from, as the file writes it; None where none is called so."""
    left = _own(fields, frozenset(images))
    found = (name for name in LABELS if name in left and not is_long(left[name]) and as_label(left[name]) is not None)
    lowered = next(found, None)
    return next((name for name in fields if name.lower() == lowered), None)


def class_name_field(fields: Mapping[str, Any], label: str) -> str | None:
    """The field that is called as if its text named the class whose number is in the field `label`, and that has such a
    text: "image/class/text" of "image/class/label", "label_name" of "label". None where there is none."""
    folder, slash, own = label.rpartition("/")
    stem = own[: -len("_id")] if own.endswith("_id") else own
    near = [*(_IN_FOLDER if slash else ()), f"{own}_name", f"{own}_text", f"{own}_str", f"{stem}_name", *_NAMES]
    for name in near:
        value = fields.get(f"{folder}{slash}{name}")
        if isinstance(value, str | bytes) and isinstance(as_label(value), str):
            return f"{folder}{slash}{name}"
    return None


def _own(fields: Mapping[Any, Any], images: frozenset[str]) -> dict[str, Any]:
    """The fields that speak of the image as a whole, by names in small letters."""
    lowered = {str(name).lower(): value for name, value in fields.items() if name not in images and value is not None}
    of_things = not BOXES.isdisjoint(lowered)
    return {
        name: value
        for name, value in lowered.items()
        if name not in OBJECTS and name not in BOXES and not (of_things and _is_several(value))
    }


def _is_several(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)
