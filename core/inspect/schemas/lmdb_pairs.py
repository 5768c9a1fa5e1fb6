"""LMDB with several entries per sample: the image under one key, its label under another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ...formats.lmdb.page_layout import DUPSORT, INTEGERKEY, REVERSEKEY
from ..contents import Content
from ..contents.objects import bare_content
from ..lmdb.file import LmdbView
from ..lmdb.key_patterns import Roles, by_digits, positions_of, roles_of
from ..lmdb.keys import key_text
from ..lmdb.labels import Beside
from ..lmdb.records import LmdbRecords
from ..lmdb.selection import Chosen, in_counting_order
from ..lmdb.sidecar_facts import dtype_in, shape_in
from ..lmdb.tree import LmdbEntry
from ..values import image_encoding

T = TypeVar("T")

COUNT = b"num-samples"


class Pairs(LmdbRecords):
    """Images, each with its label in an entry whose key differs by its role alone."""

    @classmethod
    def recognise(cls, file: LmdbView) -> LmdbRecords | None:
        if file.tree.database.flags & (DUPSORT | INTEGERKEY | REVERSEKEY):
            return None
        roles = roles_of(file, [(key, value) for key, value in file.sample])
        return None if roles is None else cls.of(file, roles)

    @classmethod
    def of(cls, file: LmdbView, roles: Roles, said: str = "") -> Pairs:
        """The records of these roles; entries of other roles are told of and left out."""
        selection = Chosen(positions_of(file, roles))
        labels = Beside(
            lambda key: _label(file, roles, key), f"each label is under its key {shown(roles.label or b'')}"
        )
        why = f"{said}the images are under keys like {shown(roles.image)}"
        why += f", their shapes under {shown(roles.shape)}" if roles.shape else ""
        records = cls(file, why, selection=in_counting_order(file, selection), labels=labels if roles.label else None)
        records.roles = roles
        if roles.others:
            others = ", ".join(map(shown, roles.others))
            records.warnings.append(f"entries like {others} belong to the images too and are not listed by themselves")
        return records

    roles: Roles | None = None

    def content_at(self, index: int, entry: LmdbEntry) -> Content:
        """Bare pixels have the shape and the type that entries beside them state."""
        shape = self._beside(self.roles.shape, entry.key, shape_in) if self.roles is not None else None
        if self.roles is None or shape is None or image_encoding(entry.value) is not None:
            return self.content(entry.value)
        return bare_content("pixels", entry.value, shape, self._beside(self.roles.dtype, entry.key, dtype_in))

    @property
    def values_stand_alone(self) -> bool:
        return self.roles is None or self.roles.shape is None

    def columns(self, index: int) -> Mapping[str, Any]:
        """The values of the other entries that belong to an image, by what is left of their keys without its own."""
        if self.roles is None:
            return {}
        key, found = self.raw_key(index), dict[str, Any]()
        for role in self.roles.others:
            other = self.roles.key_of(role, key)
            value = None if other is None else self.file.get(other)
            if value is not None:
                found[key_text(role.replace(b"\x00", b"")).strip("-_/.:@ |#") or "other"] = value
        return found

    def left_out(self) -> Sequence[tuple[str, str]]:
        """Every entry is an image, or belongs to one."""
        return ()

    def _beside(self, role: bytes | None, key: bytes, read: Callable[[bytes], T]) -> T | None:
        other = None if self.roles is None else self.roles.key_of(role, key)
        value = None if other is None else self.file.get(other)
        return None if value is None else read(value)


class Crnn(Pairs):
    """The layout of CRNN's create_dataset.py, which nearly all of text recognition took over."""

    @classmethod
    def recognise(cls, file: LmdbView) -> LmdbRecords | None:
        number = file.get(COUNT)
        if number is None or not number.isdigit():
            return None
        image, label = (
            next((key for key, _ in file.sample if key.startswith(start)), None) for start in (b"image-", b"label-")
        )
        if label is None:
            return None
        if image is None:
            return CrnnLabels(file, f"it counts its samples in {COUNT.decode()}, but holds labels alone", [COUNT])
        roles = Roles(by_digits, b"image-\x00", b"label-\x00", ())
        records = cls.of(file, roles, f"it counts {int(number):,} samples in {COUNT.decode()}, as CRNN's datasets do; ")
        if len(records) != int(number):
            records.warnings.append(
                f"it says that it has {int(number):,} samples, but {len(records):,} images are there"
            )
        return records


class CrnnLabels(LmdbRecords):
    """Labels alone, which some tools keep apart from the images."""


def _label(file: LmdbView, roles: Roles, key: bytes) -> bytes | None:
    other = roles.label_key(key)
    return None if other is None else file.get(other)


def shown(role: bytes) -> str:
    """A role as people may read it: "image-*"."""
    return key_text(role.replace(b"\x00", b"*"))
