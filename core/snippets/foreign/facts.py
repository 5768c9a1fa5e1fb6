"""What the Inspector says of a file, for those who write programs that read it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...base.contracts import Pixels
from ...base.package import COMMAND
from ...images.value_range import DEFAULT
from ...inspect import ForeignStore
from ...inspect.kinds import identify
from ..payloads import Decoding, NoCode, decoding, look_at, spread

LOOKED_AT = 200
MOST_CLASSES = 200
TRIED = 16
"""Samples whose pixels a program must give. Labels are compared for all where they lie together, else for as many as
`trial.LABEL_SECONDS` are enough for, up to `MOST_LABELS`."""

MOST_LABELS = 100_000

ODD = 8
"""Samples that are tried beside these, of each kind of odd ones."""

SAYS_FOR_EACH = ("beton",)
"""Kinds in which each sample says whether its image is a file or pixels."""

MOST_WALKED = 200_000
"""Records that are looked through for this; where images of more lie is found out by whoever loads them."""


@dataclass(frozen=True)
class FileFacts:
    """`sample`: what is said of the first record; `fields`: its fields by name; `images`: those that are images;
    `label` and `labels`: of the first record, and class numbers of all; `classes`: their names; `parts`: of a folder,
    the names of the files that images are in; `indices`, `pixels`: of the samples that a program is tried with;
    `decoding`: what makes pixels of an image file, None where images lie as numbers."""

    path: Path
    files: Sequence[Path]
    parts: Sequence[str]
    kind: str
    schema: str
    why: str
    keys: Sequence[str]
    sample: Mapping[str, Any]
    structure: Mapping[str, Any]
    labels: np.ndarray
    classes: Sequence[str]
    indices: Sequence[int]
    pixels: Sequence[Pixels]
    decoding: Decoding | None
    shape: tuple[int, int] | None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def label(self) -> Any:
        return self.sample["label"]

    @property
    def has_labels(self) -> bool:
        return bool((self.labels >= 0).any())

    @property
    def fields(self) -> Mapping[str, Any]:
        fields: Mapping[str, Any] = self.sample.get("fields", {})
        return fields

    @property
    def image(self) -> str:
        """The name of the field that is the image."""
        return next(iter(self.sample.get("images", ())), "")

    @property
    def label_fields(self) -> Iterator[str]:
        """Fields that have the first record's label as their value, those called like labels first."""
        same = [name for name, value in self.fields.items() if self.label is not None and value == self.label]
        yield from sorted(same, key=lambda name: not re.search(r"label|cls|class|target|y$", name.lower()))


def facts_of_file(store: ForeignStore) -> FileFacts:
    """Raises NoCode where there is nothing that code could read, InputError where a record cannot be read."""
    about = store.about
    if not len(store):
        raise NoCode("there is no record in it")
    if len(store) > MOST_WALKED and not store.is_placed:
        command = f"{COMMAND} load {shlex.quote(str(store.path))}"
        raise NoCode(f"it must be known first where its {len(store):,} images lie: {command} finds out, and keeps it")
    sample = store.described(0)
    if sample.get("shape") is None:
        raise NoCode("its records are no images")
    table, labels = store.table, np.asarray(store.labels)
    if (table.places[:, 0] < 0).any():
        raise NoCode("some of its records have no image")
    indices = _tried(labels, table.places[:, 0])
    pixels = [store[index][0] for index in indices]
    code, shape = None, None
    forms = {table.forms[number].encoding for number in np.unique(table.places[:, 0]).tolist()}
    if "pixels" in forms and len(forms) > 1 and about["kind"] not in SAYS_FOR_EACH:
        raise NoCode("some of its images are files and some lie as numbers")
    if len(forms) > 1 or "pixels" not in forms:
        is_file = np.array([not form.is_pixels for form in table.forms])
        files = np.flatnonzero(is_file[table.places[:, 0]])
        looked = [int(files[place]) for place in spread(len(files), LOOKED_AT)]
        look = look_at((bytes(store.reader.read([index])[0]) for index in looked), len(files))
        code = decoding("original", "none", None, DEFAULT, look)
        shape = look.shape
    if "pixels" in forms:
        sizes: set[tuple[int, int] | None] = {(one.height, one.width) for one in table.forms if one.is_pixels}
        sizes |= {shape} if code is not None else set()
        shape = next(iter(sizes)) if len(sizes) == 1 else None
    return FileFacts(
        store.path, list(identify(store.path).files), table.files, about["kind"], about["schema"],
        about["why"], about["keys"],
        sample, about["structure"], labels, store.classes, indices, pixels, code,
        shape,
    )  # fmt: skip


def _tried(labels: np.ndarray, forms: np.ndarray) -> list[int]:
    """The samples that a program is tried with: some from all over the file, the first of each of several forms, and
    of those without a class number among others that have one, for which a program may well find some number."""
    without = np.flatnonzero(labels < 0)[: ODD if (labels >= 0).any() else 0]
    firsts = np.unique(forms, return_index=True)[1][:ODD]
    return sorted({*spread(len(labels), TRIED), *map(int, without), *map(int, firsts)})
