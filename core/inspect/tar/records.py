"""Records of a tar archive: all members of a key, by the rest of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...base.contracts import Labels
from ...formats.maps import will_read
from ..fields import Declared, FieldRecords
from ..fields.labels import label_field
from ..records import Label
from .file import TarFile
from .findings import findings_of
from .grouping import LAST_DOT
from .members import LONGEST, value_of
from .noted import NO_LABEL

if TYPE_CHECKING:
    from ..places.form import ImagePlaces

LABEL = "cls"
WHOLE_NAME = "file"
"""What the only field of a member without ending is called."""


class TarRecords(FieldRecords):
    """A record is a key, whatever number of images and of other members it has."""

    kind: ClassVar[str] = "tar"
    named_keys: ClassVar[bool] = True

    def __init__(self, file: TarFile) -> None:
        super().__init__(file, _why(file), Declared(classes=file.beside.classes, said=file.beside.said))
        self.tar = file
        self.index = file.index
        self.groups = file.index.groups
        self.findings += findings_of(file)

    @classmethod
    def recognise(cls, file: TarFile) -> TarRecords:
        return cls(file)

    def __len__(self) -> int:
        return len(self.groups.ends)

    def key(self, index: int) -> str:
        member = self.index.record(index)[0]
        key = _shown(self.index.members.name(member)[: int(self.index.key_lengths[member])])
        turn = int(self.groups.turns[index])
        return f"{key} ({turn + 1})" if turn else key

    def fields(self, index: int) -> Mapping[str, Any]:
        return {name: value_of(name, self._bytes(member)) for name, member in self.members_of(index).items()}

    def label_fields(self, index: int) -> Mapping[str, Any]:
        """Members that are short; images and the like are left out."""
        named = self.members_of(index)
        short = {name: member for name, member in named.items() if int(self.index.members.sizes[member]) < 1 << 16}
        images = self.image_names
        return {name: value_of(name, self._bytes(member)) for name, member in short.items() if name not in images}

    def label(self, index: int) -> Label:
        number = int(self.groups.labels[index]) if self._noted_labels else NO_LABEL
        return super().label(index) if number == NO_LABEL else number

    def numbers(self) -> Labels | None:
        """Those of `.cls` members, where every record has one."""
        labels = self.groups.labels
        return labels if self._noted_labels and not (labels == NO_LABEL).any() else None

    @cached_property
    def _noted_labels(self) -> bool:
        """Whether the label is the number in the `.cls`, which was noted in the walk, and no other field."""
        named = [label_field(fields, self.image_names) for fields in self._sampled]
        return bool(named) and all(name == LABEL for name in named)

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.tar import TarPlaces

        return TarPlaces(self, path, labelled)

    def stored_bytes(self, index: int) -> int:
        return self.index.stored_bytes(self.index.record(index))

    def find(self, key: str) -> int | None:
        """By the first member's name, where the key stands at its beginning."""
        for index in self._beginning_with(key.partition(" (")[0].encode()):
            if self.key(index) == key:
                return index
        return None

    def _beginning_with(self, key: bytes) -> list[int]:
        """Records whose first member's name begins so."""
        members, flat, ends = self.index.members, self.groups.members, self.groups.ends
        arena = members.names.tobytes()
        starts = np.concatenate([[0], members.name_ends[:-1]]) if len(members.name_ends) else members.name_ends
        firsts = flat[np.concatenate([[0], ends[:-1]])] if len(ends) else ends
        found, at = [], arena.find(key)
        while at >= 0:
            found.append(at)
            at = arena.find(key, at + 1)
        return np.flatnonzero(np.isin(starts[firsts], np.array(found, np.int64))).tolist()

    def members_of(self, index: int) -> dict[str, int]:
        """The members of a record by their fields."""
        named: dict[str, int] = {}
        for member in self.index.record(index):
            name = self.index.members.name(member)[int(self.index.key_lengths[member]) + 1 :]
            named.setdefault(_shown(name) or WHOLE_NAME, member)
        return named

    def will_read(self, indices: Sequence[int]) -> None:
        """See `records.ReadsAhead`."""
        members = self.index.members
        every = [member for index in indices for member in self.index.record(index)]
        places = ((int(members.offsets[member]), int(members.sizes[member])) for member in every)
        will_read(self.tar.memory, *((offset, offset + size) for offset, size in places if size <= LONGEST))

    def _bytes(self, member: int) -> bytes:
        """Raises ValueError for a member that is too large to be read."""
        members = self.index.members
        offset, size = int(members.offsets[member]), int(members.sizes[member])
        if size > LONGEST:
            name = _shown(members.name(member))
            raise ValueError(f"the member {name!r} has {size:,} bytes, more than the {LONGEST:,} that are read")
        will_read(self.tar.memory, (offset, offset + size))
        return self.tar.memory[offset : offset + size].tobytes()


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _why(file: TarFile) -> str:
    facts = file.index.groups.facts
    how = "its headers have the checksums of a tar archive"
    if not facts.dotted:
        return f"{how}; members of one key (their names up to the dot) are one record"
    dot = "last" if facts.rule == LAST_DOT else "first"
    return (
        f"{how}; members whose names agree up to the {dot} dot are one record, which is a guess where there are several"
    )
