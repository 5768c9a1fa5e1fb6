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
from ...base.home import Home
from ...base.package import COMMAND
from ...images.value_range import DEFAULT
from ...inspect import ForeignStore, open_inspected
from ...inspect.kinds import identify
from ...inspect.requests import SampleRequest
from ..payloads import Decoding, NoCode, decoding, look_at, spread

LOOKED_AT = 200
MOST_CLASSES = 200
TRIED = 16
"""Samples whose pixels a program must give; labels are compared for all, up to `MOST_LABELS`."""

MOST_LABELS = 100_000

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


def facts_of_file(store: ForeignStore, home: Home) -> FileFacts:
    """Raises NoCode where there is nothing that code could read, InputError where a record cannot be read."""
    about = store.about
    if not len(store):
        raise NoCode("there is no record in it")
    if len(store) > MOST_WALKED and not store.is_placed:
        command = f"{COMMAND} load {shlex.quote(str(store.path))}"
        raise NoCode(f"it must be known first where its {len(store):,} images lie: {command} finds out, and keeps it")
    with open_inspected(store.path, store.schema, home) as file:
        sample = file.ask(SampleRequest(0)).about
    if sample.get("shape") is None:
        raise NoCode("its records are no images")
    indices = list(spread(len(store), TRIED))
    table = store.table
    if (table.places[:, 0] < 0).any():
        raise NoCode("some of its records have no image")
    pixels = [store[index][0] for index in indices]
    code = None
    forms = {table.forms[number].encoding for number in np.unique(table.places[:, 0]).tolist()}
    if "pixels" not in forms:
        looked = list(spread(len(store), LOOKED_AT))
        look = look_at((bytes(store.reader.read([index])[0]) for index in looked), len(store))
        code = decoding("original", "none", None, DEFAULT, look)
        shape = look.shape
    elif len(forms) > 1:
        raise NoCode("some of its images are files and some lie as numbers")
    else:
        sizes = {(form.height, form.width) for form in table.forms}
        shape = next(iter(sizes)) if len(sizes) == 1 else None
    return FileFacts(
        store.path, list(identify(store.path).files), table.files, about["kind"], about["schema"],
        about["why"], about["keys"],
        sample, about["structure"], np.asarray(store.labels), store.classes, indices, pixels, code,
        shape,
    )  # fmt: skip
