"""What is known of a built store for which code is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.contracts import Shape
from ..stores.store import Store, open_store
from .payloads import COMPARED, DICTIONARY, Decoding, ImageFileTraits, compare, decoding, look_at, spread


@dataclass(frozen=True)
class CodeFacts:
    """A built store as code sees it. `sharded`: whether the containers of its splits are several; `shape`: (height,
    width) of every image that was looked at, where they have one."""

    path: Path
    dataset: str
    format: str
    options: Mapping[str, Any]
    encoding: str
    compression: str
    payload_shape: Shape | None
    split: str
    splits: Sequence[str]
    classes: Sequence[str]
    sharded: bool
    shape: tuple[int, int] | None
    decoding: Decoding
    fields: Sequence[str]
    look: ImageFileTraits | None
    checksum: str = ""

    @property
    def bare(self) -> bool:
        """Whether pixels lie as they are, of one shape: formats that have arrays keep them as one."""
        return self.payload_shape is not None and self.compression == "none"

    @property
    def with_dictionary(self) -> bool:
        return self.compression == DICTIONARY

    @property
    def class_name(self) -> str:
        """What to call the Dataset."""
        words = re.findall(r"[A-Za-z0-9]+", self.dataset)
        name = "".join(word[:1].upper() + word[1:] for word in words)
        return name if name[:1].isalpha() and name not in ("Dataset", "Image", "Path") else f"Images{name}"

    def pixels(self, data: str) -> str:
        """The expression that makes pixels of a stored payload."""
        return f"decode(unpacker(self.dictionary).decompress({data}))" if self.with_dictionary else f"decode({data})"


def facts_of(path: Path, split: str | None = None) -> CodeFacts:
    """Raises InputError where there is no such store or split, NoCode where no code is right for its samples."""
    names = list(open_store(path, split).manifest.splits) if split else []
    store = open_store(path, split) if split else _first(path)
    names = names or list(store.manifest.splits)
    try:
        return _facts(store, names)
    finally:
        store.close()


def _first(path: Path) -> Store:
    """The split train, or the first one of a store that has none."""
    from ..stores.manifest import Manifest

    splits = list(Manifest.load(path).splits)
    return open_store(path, "train" if "train" in splits or not splits else splits[0])


def _facts(store: Store, splits: Sequence[str]) -> CodeFacts:
    manifest = store.manifest
    encoding = manifest.encoding["name"]
    looked = spread(len(store))
    look = None
    if encoding == "original":
        look = look_at((store.read([index])[0] for index in looked), len(store))
    code = decoding(encoding, manifest.compression["name"], manifest.payload_shape, manifest.values, look)
    if look is not None:
        plain = decoding(encoding, "none", None, manifest.values, look)
        some = spread(len(store), COMPARED)
        compare(plain, ((index, bytes(store.read([index])[0]), store[index][0]) for index in some))
    shape = manifest.payload_shape[:2] if manifest.payload_shape else look.shape if look else _shape_of(store)
    return CodeFacts(
        store.path, manifest.dataset, manifest.format, manifest.format_options, encoding,
        manifest.compression["name"], manifest.payload_shape, store.split, splits, manifest.classes,
        any(len(told) > 1 for told in manifest.shards.values()) and len(store.containers) > 0 and _parted(store),
        shape, code, [one.name for one in store.fields], look, manifest.checksum[:16],
    )  # fmt: skip


def _parted(store: Store) -> bool:
    from ..formats.shards import Joined

    return not isinstance(store.format, Joined)


def _shape_of(store: Store) -> tuple[int, int] | None:
    """Of PNG and JPEG files: their headers alone are looked at."""
    return look_at((store.read([index])[0] for index in spread(len(store))), len(store)).shape
