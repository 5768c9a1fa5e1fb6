"""What a built store says of itself: `manifest.json`, written once and believed only after it was checked."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base import checksums
from ..base.checked_fields import AMOUNT, COUNT, OBJECT, TEXT, Kind, check, list_of, object_of, one_of, with_fields
from ..base.contracts import MAX_PAYLOAD, Shape
from ..base.errors import InputError
from ..base.files import Unreadable, parse_object, read_whole
from ..base.strict_json import dumps, plain
from ..formats import FORMATS
from ..formats.field_layouts import KINDS
from ..images.value_range import ValueRange

MANIFEST = "manifest.json"
SCHEMA = 1


@dataclass(frozen=True)
class Manifest:
    """What a store says of itself.

    `encoding`, `compression` and `format_options` name what it was built with; where payloads are files with samples
    wider than 8 bits, `encoding["range"]` says how they become pixels (`images.value_range`). `splits` maps a split's
    name to its `Sizes`, `samples` and `seconds` (the time its writing took); `checksum` is the SHA-256 of all encoded
    payloads (before compression) in order, split after split; `files` the XXH3-128 of the files whose every byte
    counts; `extra` what else was so while it was built, and what was done to the pixels of its dataset at import
    (`pixels`); `fields` the further values that samples have, `name` and `kind` (`core.base.contracts.Field`) each;
    `shards` the files or containers of each split in the order of their samples, with `path`, `samples`, `bytes` and
    `checksum` each (`stores.shards`), none of stores that were built before these were told.
    """

    dataset: str
    fingerprint: str
    format: str
    variant: str
    encoding: Mapping[str, Any]
    compression: Mapping[str, Any]
    format_options: Mapping[str, Any]
    payload_shape: Shape | None
    classes: list[str]
    splits: Mapping[str, Mapping[str, Any]]
    checksum: str
    files: Mapping[str, str]
    built: str
    versions: Mapping[str, str]
    schema: int = SCHEMA
    extra: Mapping[str, Any] = field(default_factory=dict)
    fields: list[dict[str, str]] = field(default_factory=list)
    shards: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def values(self) -> ValueRange:
        """How samples wider than 8 bits in the payloads become pixels. Raises InputError for what is none."""
        return ValueRange.from_json(self.encoding.get("range"))

    def split_of(self, file: str) -> str | None:
        """The split that a file belongs to, given its path below the store; None where it belongs to none."""
        first = file.partition("/")[0]
        for split, shards in self.shards.items():
            if any(first == shard["path"].partition("/")[0] for shard in shards):
                return split
        stem = first.partition(".")[0]
        return stem if stem in self.splits else None

    def save(self, path: Path) -> None:
        """Write it with a checksum over itself, so that a flipped byte in it is found as well."""
        fields = plain(dataclasses.asdict(self))
        for name in ("fields", "shards"):
            if not fields[name]:
                del fields[name]
        path.write_text(dumps({**fields, "self": _digest(fields)}, indent=1), "utf-8")

    @classmethod
    def load(cls, store: Path) -> Manifest:
        """Raises InputError where `store` is not a finished store that this version can read."""
        path = store / MANIFEST
        if not os.path.lexists(path):
            raise InputError(f"{store} is not a built store: it has no {MANIFEST}")
        try:
            data = read_whole(path)
        except Unreadable as error:
            raise InputError(f"{path} is damaged ({error}); build the store again (--force)") from None
        return cls.parse(data, str(path))

    @classmethod
    def parse(cls, data: bytes, name: str) -> Manifest:
        """What a manifest says, checked. Raises InputError, which names it, for one that this version does not read."""
        try:
            fields = parse_object(data)
            stated = fields.pop("self", None)
            if fields.get("schema") != SCHEMA:
                raise InputError(
                    f"{name}: schema {fields.get('schema')}, this version reads {SCHEMA}; build the store again"
                )
            if stated != _digest(fields):
                raise InputError(f"{name} was changed after it was written; build the store again (--force)")
            further = {"payload_shape": SHAPE, "extra": OBJECT, "fields": NAMED, "shards": SHARDS}
            check(fields, MANIFEST_FIELDS, further)
            shape = fields.pop("payload_shape", None)
            fields["fields"] = fields.get("fields") or []
            fields["shards"] = fields.get("shards") or {}
            made = cls(**fields, payload_shape=tuple(shape) if shape else None)
            made._check_shards()
            return made
        except (Unreadable, TypeError) as error:
            raise InputError(f"{name} is damaged ({error}); build the store again (--force)") from None

    def _check_shards(self) -> None:
        """Raises Unreadable where the shards of a split are not its samples."""
        for split, shards in self.shards.items():
            if split not in self.splits or sum(one["samples"] for one in shards) != self.splits[split]["samples"]:
                raise Unreadable(f"its shards are not the samples of split {split!r}")


def _is_name(text: Any) -> bool:
    """Whether this is the name of something directly inside a folder."""
    return text not in ("", ".", "..") and not any(sign in text for sign in "/\\\0")


def _is_inside(value: Any) -> bool:
    """Whether this is a path that stays in the folder it counts from."""
    return TEXT.fits(value) and all(_is_name(part) for part in value.split("/"))


def _is_shape(value: Any) -> bool:
    whole = list_of(COUNT).fits(value) and len(value) == 3
    return whole and 0 < math.prod(value) <= MAX_PAYLOAD


def _lead_inside(value: Any) -> bool:
    """Whether an object's names are paths that stay in the folder they count from."""
    return object_of(TEXT).fits(value) and all(map(_is_inside, value))


def _are_splits(value: Any) -> bool:
    return object_of(with_fields(SPLIT_FIELDS)).fits(value) and all(map(_is_name, value))


PART = with_fields({"name": TEXT, "options": OBJECT})
SHAPE = Kind("a shape", _is_shape)
NAMED = list_of(with_fields({"name": TEXT, "kind": one_of(KINDS)}))
INSIDE = Kind("a path in the store", _is_inside)
SHARD = with_fields({"path": INSIDE, "samples": COUNT, "bytes": COUNT, "checksum": TEXT})
SHARDS = object_of(list_of(SHARD))
SPLIT_FIELDS = {
    **dict.fromkeys(("samples", "payload_bytes", "used_bytes", "allocated_bytes", "apparent_bytes", "files"), COUNT),
    "seconds": AMOUNT,
}
MANIFEST_FIELDS = {
    **dict.fromkeys(("dataset", "fingerprint", "variant", "checksum", "built"), TEXT),
    "format": one_of(FORMATS),
    "encoding": PART,
    "compression": PART,
    "format_options": OBJECT,
    "classes": list_of(TEXT),
    "splits": Kind(f"an object of splits, each with {', '.join(SPLIT_FIELDS)}", _are_splits),
    "files": Kind("an object of paths in the store", _lead_inside),
    "versions": object_of(TEXT),
}
"""What every reader of a manifest relies on. The checksum finds accidents; this, what somebody wrote on purpose."""


def _digest(fields: Mapping[str, Any]) -> str:
    # Python's own writing, which is what the stores of all versions were signed with.
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
    return f"{checksums.of_bytes(text.encode('utf-8', 'surrogatepass')):016x}"
