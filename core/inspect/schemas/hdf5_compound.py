"""HDF5 files whose rows are records of several fields (compounds, PyTables tables), one of which is the image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

import h5py
import numpy as np

from ...images.bands import CHANNELS
from .. import arrays
from ..display_range import evenly
from ..hdf5 import layouts as hdf5_layouts
from ..hdf5.candidates import SMOOTH, smoothness
from ..hdf5.facts import Facts, look
from ..hdf5.file import Hdf5File
from ..hdf5.name_hints import IMAGE_WORDS, label_rank, rank, text_rank
from ..hdf5.pixels import Look, look_of
from ..hdf5.rows import Rows
from ..hdf5.runs import Extent, Run, Runs
from ..hdf5.texts import class_names, text_of
from ..hdf5.values import Pictures, bytes_of, is_bytes, record_of_bytes, record_of_pixels
from ..records import Label, Record
from ..values import image_encoding

PROBE = 4


class CompoundRun(Run):
    """The rows of one table: `field` is the image, `label` the field that names it."""

    def __init__(self, facts: Facts, field: str, label: str | None) -> None:
        super().__init__(facts.name, prod(facts.shape))
        self.facts = facts
        self.field = field
        self.label_field = label
        self.rows = Rows(facts)
        inner = facts.dtype[field]
        base, shape = inner.subdtype if inner.subdtype is not None else (inner, ())
        self._layout = hdf5_layouts.single(shape, facts.matlab) if base.kind in "biuf" else None
        self._flat = replace(facts, shape=shape, dtype=base)
        self._look: Look | None = None
        self._pictures = Pictures(facts.file, len(self), lambda index: bytes_of(self.rows[index][field]))

    def label(self, index: int) -> Label:
        return None if self.label_field is None else self._label_of(self.rows[index])

    def _label_of(self, row: Any) -> Label:
        if self.label_field is None:
            return None
        value = row[self.label_field]
        text = text_of(self.facts.file, value)
        return text if text is not None else arrays.label_of(np.asarray(value))

    def extent(self, index: int) -> Extent:
        return Extent(self.facts, index, index + 1)

    def read(self, index: int) -> Record:
        """Raises ValueError where the row cannot be read."""
        row = self.rows[index]
        value, label, stored = row[self.field], self._label_of(row), self.rows.stored_bytes()
        if self._layout is not None and isinstance(value, np.ndarray):
            return record_of_pixels(self.key(index), label, value, self._looked(), stored)
        if not is_bytes(value):
            raise ValueError(f"{self.key(index)}: field {self.field} holds no image")
        return record_of_bytes(self.key(index), label, bytes_of(value), stored, self._pictures)

    def _looked(self) -> Look:
        """What the values mean is told from some rows."""
        if self._look is None:
            self._look = look_of(self._flat, self._layout or "", self._first)
        return self._look

    def _first(self, count: int) -> list[arrays.Array]:
        """Some images, spread over the rows."""
        places = evenly(len(self), count)
        return [hdf5_layouts.upright(self.rows[place][self.field], self._layout or "") for place in places]

    def holds_images(self) -> bool:
        """Whether the field is pixels, or begins like an image file in most of the first rows."""
        if self._layout is not None:
            return self._looks_like_pixels()
        told = 0
        for index in range(min(len(self), PROBE)):
            value = self.rows[index][self.field]
            told += is_bytes(value) and image_encoding(bytes_of(value)) is not None
        return told > 0

    def _looks_like_pixels(self) -> bool:
        """By the field's name, or by a first value that is uint8 of an image's size or varies like a picture."""
        if rank(self.field, IMAGE_WORDS):
            return True
        image = hdf5_layouts.upright(self.rows[0][self.field], self._layout or "")
        if min(image.shape[:2]) < hdf5_layouts.LEAST:
            return False
        return image.dtype == np.uint8 or smoothness(image if image.ndim == 2 else image[:, :, 0]) >= SMOOTH


class CompoundRows(Runs):
    """Tables with a field that is an image."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> CompoundRows | None:
        looked = look(file)
        runs = [run for facts in looked if (run := _run(facts)) is not None]
        if not runs:
            return None
        first = runs[0]
        why = f"each row of {', '.join(run.name for run in runs[:4])} has an image in its field {first.field}"
        why += f" and a label in {first.label_field}" if first.label_field is not None else ""
        return cls(why, runs, _classes(file, looked, first))


def _run(facts: Facts) -> CompoundRun | None:
    if not facts.dtype.names or len(facts.shape) != 1 or not facts.shape[0]:
        return None
    fields: Mapping[str, Any] = facts.dtype.fields or {}
    likely = [name for name, (dtype, *_) in fields.items() if _may_be_image(dtype)]
    label = _label_field(fields, likely)
    for field in sorted(likely, key=lambda name: rank(name, IMAGE_WORDS), reverse=True):
        try:
            run = CompoundRun(facts, field, label)
            if run.holds_images():
                return run
        except (ValueError, KeyError, IndexError):
            continue
    return None


def _may_be_image(dtype: np.dtype[Any]) -> bool:
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        flat = len(shape) == 1 and shape[0] >= 64 and base in (np.uint8, np.int8)
        sides = [length for length in shape if length not in CHANNELS]
        return flat or (base.kind in "biuf" and len(shape) in (2, 3) and len(sides) >= 2 and min(sides) > 4)
    inner = h5py.check_vlen_dtype(dtype)
    opaque = dtype.kind == "V" and not dtype.names
    return opaque or dtype.kind == "S" or h5py.check_string_dtype(dtype) is not None or inner == np.uint8


def _label_field(fields: Mapping[str, Any], images: list[str]) -> str | None:
    """The field called like a label; else one of text that is called like text about images."""
    kinds = {name: dtype.kind for name, (dtype, *_) in fields.items() if name not in images or dtype.kind in "SO"}
    known = [name for name, kind in kinds.items() if label_rank(name) and kind in "biufSO"]
    texts = [name for name, kind in kinds.items() if text_rank(name) and kind in "SO"]
    return max(known, key=label_rank, default=max(texts, key=text_rank, default=None))


def _classes(file: Hdf5File, looked: list[Facts], run: CompoundRun) -> list[str] | None:
    """Names from an enumeration of the label's field, an attribute, or a dataset."""
    if run.label_field is None:
        return None
    near = replace(run.facts, dtype=run.facts.dtype[run.label_field])
    return class_names(file, [facts for facts in looked if facts.name != near.name], [near], None, len(run))
