"""LMDB with pickled entries, as tutorials keep images. The pickles are read as plain data; nothing in them runs.

- `PickledDicts`: {'image', 'label', 'compression'}, the image as an array, as an encoded image or as bare pixels, and
  perhaps a pickled `__metadata__` entry.
- `PickledObjects`: objects of a class (CIFAR_Image) with the attributes image (bare pixels), size, channels and label.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ... import pickles
from ...base.errors import InputError
from ..contents import Content, content_of
from ..contents.named import label_among
from ..contents.pickled import load
from ..contents.tutorial_image import image_content
from ..lmdb.file import LmdbView
from ..lmdb.records import LmdbRecords
from ..records import Label

METADATA = b"__metadata__"

PROBE, PATIENCE = 8, 3.0
"""Entries looked at to recognise a schema, and seconds that this may take."""


_CLASS_LISTS = ("classes", "class_names", "label_names", "labels_names", "categories")


class _Pickled(LmdbRecords):
    """Entries that are pickles, one image each."""

    kinds = ("pickled",)

    def __init__(self, file: LmdbView, why: str) -> None:
        self.metadata, problem = _read_metadata(file)
        super().__init__(file, why)
        self.classes = _class_names(self.metadata) or self.classes
        self.warnings += [problem] if problem is not None else []

    def label(self, index: int) -> Label:
        """Without decoding the image. Raises ValueError or InputError for a pickle that asks for code."""
        if self.labels is not None or self._by_keys is not None:
            return super().label(index)
        fields = fields_of(load(self.value(index)))
        return None if fields is None else _label(fields)

    def content(self, value: bytes) -> Content:
        fields = fields_of(load(value))
        if fields is None:
            return content_of(value)
        beside = {name: value for name, value in fields.items() if name != "image"}
        return replace(image_content(fields, self.metadata), label=_label(fields), fields=beside)


def _label(fields: Mapping[str, Any]) -> Label:
    return label_among({name.lower(): value for name, value in fields.items()}, "image")


def _read_metadata(file: LmdbView) -> tuple[Mapping[Any, Any], str | None]:
    """The pickled dictionary of an entry `__metadata__`, and what is wrong with it."""
    try:
        value = file.get(METADATA)
        metadata = {} if value is None else load(value)
    except (InputError, ValueError) as error:
        return {}, f"__metadata__ cannot be read: {error}"
    return metadata if isinstance(metadata, dict) else {}, None


class PickledDicts(_Pickled):
    """Entries that are pickled dictionaries with an image."""

    @classmethod
    def recognise(cls, file: LmdbView) -> PickledDicts | None:
        entries = [entry for entry in _plain_entries(file) if isinstance(entry, dict)]
        if not any(_has_image(entry) for entry in entries):
            return None
        names = ", ".join(repr(name) for name in entries[0])
        records = cls(file, f"the values are pickled dictionaries of {names[:200]}")
        records.why += " beside a __metadata__ entry" if records.metadata else ""
        return records


class PickledObjects(_Pickled):
    """Entries that are pickled objects with image, size, channels and label."""

    @classmethod
    def recognise(cls, file: LmdbView) -> PickledObjects | None:
        entries = [entry for entry in _plain_entries(file) if isinstance(entry, pickles.PickledObject)]
        if not any(_has_image(entry.state) for entry in entries):
            return None
        attributes = ", ".join(entries[0].state)
        return cls(file, f"the values are pickled {entries[0].class_name} objects with the attributes {attributes}")


def fields_of(entry: Any) -> Mapping[str, Any] | None:
    """The fields of a dictionary or of an object's state, if one of them is an image."""
    fields = entry.state if isinstance(entry, pickles.PickledObject) else entry
    return {_text(name): value for name, value in fields.items()} if _has_image(fields) else None


def _has_image(fields: Any) -> bool:
    return isinstance(fields, dict) and any(_text(name) == "image" for name in fields)


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _plain_entries(file: LmdbView) -> list[Any]:
    """The first entries that are pickles of plain data. Those that are not are no reason to refuse the others."""
    entries: list[Any] = []
    end = time.monotonic() + PATIENCE
    for key, value in file.sample:
        if time.monotonic() > end:
            break
        try:
            entries += [] if key == METADATA or len(entries) >= PROBE else [load(value)]
        except (InputError, ValueError):
            continue
    return entries


def _class_names(metadata: Mapping[Any, Any]) -> list[str] | None:
    fields = {_text(name): value for name, value in metadata.items()}
    for name in _CLASS_LISTS:
        value = fields.get(name)
        if isinstance(value, list | tuple) and value:
            return [_text(item) for item in value]
    numbers = fields.get("class_to_idx")
    if isinstance(numbers, dict) and all(isinstance(number, int) for number in numbers.values()):
        return [_text(name) for name, _ in sorted(numbers.items(), key=lambda pair: pair[1])]
    return None
