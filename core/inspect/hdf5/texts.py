"""Text and class names in an HDF5 file, in the many ways in which they are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from .facts import Facts
from .file import Hdf5File
from .name_hints import CLASS_NAME_WORDS, words

MAX_NAMES = 100_000
MAX_TEXT = 1 << 16

_ATTRIBUTES = (
    "classes", "class_names", "classnames", "class_labels", "label_names", "labels", "names", "categories",
    "list_classes", "label_map", "class_to_idx", "idx_to_class", "target_names",
)  # fmt: skip


def text_of(file: Hdf5File, value: Any) -> str | None:
    """One value as text: bytes, a string, a reference to MATLAB's characters. None for what is none of these."""
    if isinstance(value, h5py.Reference):
        found = file.dereferenced(value)
        return characters(file, found) if isinstance(found, h5py.Dataset) else None
    if isinstance(value, np.ndarray) and value.size == 1:
        return text_of(file, value.reshape(-1)[0])
    if isinstance(value, bytes):
        return value[:MAX_TEXT].decode("utf-8", "replace").rstrip("\x00")
    return str(value)[:MAX_TEXT] if isinstance(value, str) else None


def characters(file: Hdf5File, dataset: h5py.Dataset) -> str | None:
    """MATLAB's text: UTF-16 code units, (length, 1) because its axes are reversed."""
    shape = tuple(map(int, dataset.shape or ()))
    size = int(np.prod([min(int(length), MAX_TEXT + 1) for length in shape], dtype=np.float64)) if shape else 0
    if dataset.dtype.kind not in "ui" or dataset.dtype.itemsize > 2 or not 0 < size <= MAX_TEXT or len(shape) > 2:
        return None
    values = file.rows(dataset, 0, int(shape[0])).reshape(-1)
    text = values.astype("<u2").tobytes().decode("utf-16-le", "replace").rstrip("\x00")
    return text if text.isprintable() else None


def class_names(
    file: Hdf5File, looked: Sequence[Facts], near: Sequence[Facts], highest: int | None, length: int
) -> list[str] | None:
    """The names of the classes: an enumeration, an attribute of the datasets in `near` or their groups, a dataset.

    `highest` is the largest class number that occurs; names that do not reach it are none. Where classes count from 1,
    as MATLAB's do, a first name is put before the others.
    """
    found = [_enumeration(facts) for facts in near]
    found += [_attribute(file, name) for name in _owners(near)]
    found += [_dataset(file, facts) for facts in _named(looked, near, length)]
    for names in found:
        fitting = _fitted(names, highest)
        if fitting:
            return fitting
    return None


def _fitted(names: list[str] | None, highest: int | None) -> list[str] | None:
    if not names or len(names) < 2 or (highest is not None and highest > len(names)):
        return None
    return ["(none)", *names] if highest == len(names) else names


def _enumeration(facts: Facts) -> list[str] | None:
    members = h5py.check_enum_dtype(facts.dtype)
    if not members or facts.dtype.kind not in "ui":
        return None
    names = {int(number): str(name) for name, number in members.items()}
    if set(names.values()) <= {"FALSE", "TRUE"} or min(names) < 0 or max(names) > MAX_NAMES:
        return None
    return [names.get(number, str(number)) for number in range(max(names) + 1)]


def _owners(near: Sequence[Facts]) -> list[str]:
    """The datasets themselves, their groups, the root: whose attributes may name classes."""
    owners = [facts.name for facts in near] + [facts.group for facts in near] + [""]
    return list(dict.fromkeys(owners))


def _attribute(file: Hdf5File, owner: str) -> list[str] | None:
    attributes = file.attributes(owner)
    lowered = {name.lower(): name for name in attributes}
    for name in _ATTRIBUTES:
        names = _names_in(attributes[lowered[name]]) if name in lowered else None
        if names is not None:
            return names
    return None


def _names_in(value: Any) -> list[str] | None:
    """Class names from a list of texts, or from JSON that is a list or a mapping either way round."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "SO" and value.size <= MAX_NAMES:
        texts = [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value.tolist()]
        return texts if texts and all(isinstance(text, str) for text in texts) else None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    try:
        return _names_in_json(json.loads(value))
    except (ValueError, RecursionError):
        parts = [part.strip() for part in value.split(",")]
        return parts if len(parts) > 1 and all(0 < len(part) < 64 for part in parts) else None


def _names_in_json(told: Any) -> list[str] | None:
    if isinstance(told, list) and told and all(isinstance(name, str) for name in told):
        return told
    if not isinstance(told, dict) or not told:
        return None
    if all(isinstance(number, int) for number in told.values()):
        told = {number: name for name, number in told.items()}
    numbered = {int(number): str(name) for number, name in told.items() if str(number).isdigit()}
    if len(numbered) != len(told) or max(numbered) > MAX_NAMES:
        return None
    return [numbered.get(number, str(number)) for number in range(max(numbered) + 1)]


def _named(looked: Sequence[Facts], near: Sequence[Facts], length: int) -> list[Facts]:
    """Datasets of texts that are called like class names, the likeliest first."""
    taken = {facts.name for facts in near}
    fitting = [facts for facts in looked if facts.name not in taken and _may_be_names(facts, length)]
    return sorted((facts for facts in fitting if _promise(facts)), key=_promise, reverse=True)


def _may_be_names(facts: Facts, length: int) -> bool:
    count = max(facts.shape, default=0)
    flat = bool(facts.shape) and count == int(np.prod(facts.shape, dtype=np.float64))
    kept = facts.is_text or h5py.check_ref_dtype(facts.dtype) is h5py.Reference
    return flat and kept and 2 <= count <= MAX_NAMES and (count != length or "class" in facts.leaf.lower())


def _promise(facts: Facts) -> int:
    """0 for a name that promises nothing."""
    joined = "_".join(words(facts.leaf))
    if joined in CLASS_NAME_WORDS:
        return 1 + len(CLASS_NAME_WORDS) - CLASS_NAME_WORDS.index(joined)
    return int(joined.endswith("names") or "class" in joined)


def _dataset(file: Hdf5File, facts: Facts) -> list[str] | None:
    axis = facts.shape.index(max(facts.shape))
    try:
        values = file.rows(facts.dataset, 0, facts.shape[axis], axis).reshape(-1)
        names = [text_of(file, value) for value in values]
    except (ValueError, KeyError):
        return None
    return None if any(name is None for name in names) else [str(name) for name in names]
