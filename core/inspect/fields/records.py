"""Records of named fields: a kind says what the fields of a record are, and this makes a record of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...base.contracts import Labels
from ...formats.maps import MapsItself
from ..contents import Content
from ..contents.named import as_label
from ..contents.objects import as_text, of_object
from ..display import Drawn
from ..display_range import Array, evenly
from ..displays import Displays
from ..records import UNREADABLE, File, Finding, Label, NamedImage, Record
from ..splits import split_field, split_of_value
from .declared import NOTHING, Declared
from .images import has_image, images_of, main_of
from .labels import class_name_field, label_field, label_of
from .plain import as_plain

if TYPE_CHECKING:
    from ..places.form import ImagePlaces

SAMPLED = 8
"""Records that are looked at to learn which fields there are."""

NEAR = 16
"""The first records, of which these are taken where each may cost a request."""


class FieldRecords(ABC):
    """`Records` from `__len__`, `key` and `fields`.

    A kind may also give `declared` (what the file says of its fields), `warnings`, `findings`, and override `find`
    (where keys can be looked up faster than one by one), `label_fields` (where the label can be had without the
    images), `numbers`, `stored_bytes` and `record_findings`.
    """

    kind: ClassVar[str]

    def __init__(self, file: File, why: str, declared: Declared = NOTHING) -> None:
        self.file = file
        self.declared = declared
        self.classes: Sequence[str] | None = declared.classes
        self.warnings: list[str] = []
        self.findings: list[Finding] = []
        self._told = why
        self._displays: dict[str, Displays] = {}
        self._asked: tuple[int, Mapping[str, Any]] | None = None

    # ---- what a kind gives

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def key(self, index: int) -> str:
        """What the file calls a record; unique in it."""

    @abstractmethod
    def fields(self, index: int) -> Mapping[str, Any]:
        """The fields of a record by name, in the file's order: bytes, text, numbers, lists, dicts and arrays, plain
        data. Raises ValueError (or InputError) where they cannot be read."""

    def label_fields(self, index: int) -> Mapping[str, Any]:
        """The fields among which the label is; images may be left out."""
        return self.fields(index)

    def stored_bytes(self, index: int) -> int | None:
        """What the container spends on a record, where that can be told."""
        return None

    def record_findings(self, index: int) -> Sequence[Finding]:
        """What is wrong with one record, as far as reading it has shown. Called after `fields`."""
        return ()

    def numbers(self) -> Labels | None:
        """The class numbers of all records, int64 (n,), where the file keeps them together."""
        return None

    @property
    def probed(self) -> int:
        """From how many of the first records some are looked at to learn what all are like: all of them, unless a far
        one is dear."""
        at_address = isinstance(getattr(self.file, "path", None), MapsItself)
        return min(len(self), NEAR) if at_address else len(self)

    def find(self, key: str) -> int | None:
        """The index of a key, or None."""
        return next((index for index in range(len(self)) if self.key(index) == key), None)

    # ---- what is made of it

    @cached_property
    def why(self) -> str:
        """What told how the file is read: its layout, and where images and labels come from."""
        return "; ".join(filter(None, (self._told, self.declared.said, *self._of_fields(), self.declared.label_note)))

    @cached_property
    def field_names(self) -> list[str]:
        """The names of all fields of the sampled records, in order."""
        return list(dict.fromkeys(name for fields in self._sampled for name in fields))

    @cached_property
    def image_names(self) -> list[str]:
        """The images that most sampled records have, the main one first."""
        found = [list(self._images(fields)) for fields in self._sampled]
        names = dict.fromkeys(name for names in found for name in names)
        usual = [name for name in names if 2 * sum(name in names for names in found) > len(found)]
        main = main_of(usual, self.declared)
        return usual if main is None else list(dict.fromkeys([main, *usual]))

    def label(self, index: int) -> Label:
        return label_of(self._small_fields(index), self.declared, self.image_names)

    def _small_fields(self, index: int) -> Mapping[str, Any]:
        """`label_fields` of the record that was asked for last: label, split and class are asked for one by one."""
        if self._asked is None or self._asked[0] != index:
            self._asked = (index, self.label_fields(index))
        return self._asked[1]

    def split(self, index: int) -> str | None:
        """What a field called split says."""
        name = self._split_field
        return None if name is None else split_of_value(self._small_fields(index).get(name))

    @cached_property
    def _split_field(self) -> str | None:
        return split_field(self._sampled)

    @cached_property
    def class_name_field(self) -> str | None:
        """See `records.Naming`: the one that all sampled records have beside a number."""
        if self.classes is not None:
            return None
        found = {self._class_name_field(fields) for fields in self._sampled}
        return found.pop() if len(found) == 1 else None

    def _class_name_field(self, fields: Mapping[str, Any]) -> str | None:
        if not isinstance(label_of(fields, self.declared, self.image_names), int):
            return None
        label = self.declared.label or label_field(fields, self.image_names)
        if label is not None:
            return class_name_field(fields, label)
        for name, facts in fields.items():
            inner = label_field(facts) if isinstance(facts, Mapping) else None
            if inner is not None:
                found = class_name_field(facts, inner)
                return None if found is None else f"{name}.{found}"
        return None

    def class_name(self, index: int) -> str | None:
        name = self.class_name_field
        if name is None:
            return None
        fields = self._small_fields(index)
        outer, _, inner = name.partition(".")
        facts = fields.get(outer)
        value = as_label(facts.get(inner) if name not in fields and isinstance(facts, Mapping) else fields.get(name))
        return value if isinstance(value, str) else None

    def read(self, index: int) -> Record:
        fields = self.fields(index)
        images = self._images(fields)
        label = label_of(fields, self.declared, images)
        record = self._main(index, fields, images, label)
        further = tuple(self._further(name, content) for name, content in list(images.items())[1:])
        missing = self._missing(index, images)
        problem = record.problem or (missing.meaning if missing is not None and self.declared.image else None)
        found = (*self.record_findings(index), *((missing,) if missing is not None else ()))
        plain = as_plain(fields, images)
        return replace(record, images=further, fields=plain, findings=found, problem=problem, whole_fields=fields)

    def _main(self, index: int, fields: Mapping[str, Any], images: Mapping[str, Content], label: Label) -> Record:
        """The record with its first image, or with what else is in it."""
        name = next(iter(images), None)
        content = _without_image(fields) if name is None else images[name]
        drawn, undrawn = self._drawn(name, content) if name is not None else (None, None)
        return Record(
            key=self.key(index),
            label=content.label if label is None and self.declared.label is None else label,
            encoding=content.encoding,
            payload=content.payload,
            pixels=content.pixels if drawn is None else drawn.pixels,
            shape=content.shape,
            dtype=content.dtype,
            stored_bytes=self.stored_bytes(index),
            problem=content.problem or undrawn,
            text=content.text,
            values=content.values,
            notes=() if drawn is None else drawn.notes,
            display=None if drawn is None else drawn.to_json(),
            image_name=name,
            file=content.file,
            array=None if drawn is None else drawn.numbers,
        )

    def _further(self, name: str, content: Content) -> NamedImage:
        drawn, undrawn = self._drawn(name, content)
        return NamedImage(
            name,
            content.encoding,
            content.payload,
            content.pixels if drawn is None else drawn.pixels,
            content.shape,
            content.dtype,
            content.problem or undrawn,
            () if drawn is None else drawn.notes,
            None if drawn is None else drawn.to_json(),
            content.file,
            None if drawn is None else drawn.numbers,
        )

    def images_among(self, fields: Mapping[str, Any]) -> Mapping[str, Content]:
        """The images among a record's fields, the main one first."""
        return self._images(fields)

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.fields import FieldPlaces
        from ..places.search import BytesSearch

        search = BytesSearch(path)
        return FieldPlaces(self, lambda index, name, data: search.find(data), labelled)

    def _images(self, fields: Mapping[str, Any]) -> dict[str, Content]:
        return images_of(fields, self.declared)

    def _missing(self, index: int, images: Mapping[str, Content]) -> Finding | None:
        """That a record has no image, where the others have one."""
        stated = self.declared.image
        if has_image(images, stated) if stated is not None else images or not self.image_names:
            return None
        name = stated or self.image_names[0]
        return Finding(
            "no-image",
            1,
            self.key(index),
            f"the record has no image: its field {name!r} is missing or empty",
            "leave such records out when loading, or write the file again with their images",
        )

    # ---- how images are drawn, and what is learned from some records

    def drawn(self, name: str, content: Content) -> tuple[Drawn | None, str | None]:
        """(picture of an image called so, why there is none); both None where its own pixels stand."""
        return self._drawn(name, content)

    def _drawn(self, name: str, content: Content) -> tuple[Drawn | None, str | None]:
        """(picture, why there is none), drawn as this field's images in all records; both None where the value's own
        pixels stand."""
        if content.array is None:
            return None, None
        try:
            return self._display(name).draw(content.array, self.file.choice, content.bands), None
        except ValueError as error:
            return None, str(error)

    def _display(self, name: str) -> Displays:
        if name not in self._displays:
            self._displays[name] = Displays.spread(self.probed, lambda place: self._array(place, name))
        return self._displays[name]

    def _array(self, index: int, name: str) -> Array | None:
        content = self._images(self.fields(index)).get(name)
        return None if content is None else content.array

    @cached_property
    def _sampled(self) -> list[Mapping[str, Any]]:
        found = []
        for index in evenly(self.probed, SAMPLED):
            try:
                found.append(self.fields(index))
            except UNREADABLE:
                continue
        return found

    def _of_fields(self) -> list[str]:
        """What is said of images and labels that the file does not declare itself."""
        told = []
        images = self.image_names
        if images and self.declared.image is None:
            more = f", beside {', '.join(images[1:])}" if len(images) > 1 else ""
            told.append(f"the image is the field {images[0]!r}{more}")
        if self.declared.label is None:
            names = (label_field(fields, images) for fields in self._sampled)
            name = next((name for name in names if name is not None), None)
            told += [f"the label is taken from the field {name!r}, by its name"] if name is not None else []
        return told


def _without_image(fields: Mapping[str, Any]) -> Content:
    """What a record without an image is: a vector, or its fields as text."""
    content = of_object("fields", dict(fields), b"")
    return content if not content.is_image else Content("fields", "fields", b"", text=as_text(fields))
