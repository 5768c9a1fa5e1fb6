"""Further values of samples beside batches: `loader(fields=["caption", "boxes"])`.

They are read in the order of the batches by a thread of their own, some batches ahead, while whoever makes the images
does so; neither waits for the other. What a batch has for a field is decided by the store, not by the batch, so that
every batch has the same:

| field | in a batch |
|---|---|
| text | list of str, "" where a sample has none |
| integer | int64 (B,); where some sample of the store has none: float64 (B,) with NaN there |
| number | float64 (B,) (float32 on "mps"), NaN where a sample has none |
| array, all of one shape and none missing | one tensor (B, ...) |
| any other array | list of tensors, None where a sample has none |
| image | list of bytes, the files as they are; None where a sample has none |
| json | list of what it is; None where a sample has none |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np
import torch

from ..base.contracts import FieldLayout, FieldReader, FieldValue
from ..base.errors import InputError, WorkError
from ..base.field_values import ARRAY, INTEGER, NUMBER, TEXT
from ..base.packed_fields import checksum
from ..formats.field_layouts import is_one_shape, named_beside
from ..formats.field_reading import chosen_of
from ..stores.sample_checksums import field_checksums
from .batch_sampler import BatchSpec
from .pipeline import Stored
from .transfer import Batch

IMAGE_KEY, LABEL_KEY = "image", "label"
AHEAD = 4
"""Batches whose values are read before they are asked for."""

LARGEST_EXACT = 1 << 53
"""The largest integer up to which a float64 has all of them."""

FieldsOfBatch = dict[str, Any]


class BatchFields:
    """Makes dicts of batches: "image", "label", and each field under its name ("field_label" where it is one of these
    two)."""

    def __init__(self, store: Stored, names: Sequence[str], device: str, verify: str) -> None:
        """Raises InputError where one of `names` is no field of the store; it names those there are."""
        if isinstance(names, str):
            raise InputError(f"fields={names!r}: give a list of names, as [{names!r}]")
        reader = store.reader
        known = reader.field_layouts() if isinstance(reader, FieldReader) else ()
        self._chosen = chosen_of(known, names, f"{store.path} ({store.split})")
        self._known, self._store = known, store
        self._device = torch.device(device)
        self._keys = named_beside([layout.name for layout in self._chosen], (IMAGE_KEY, LABEL_KEY))
        self._sums = field_checksums(store.path, store.split) if verify == "always" and self._chosen else None

    def joined(self, specs: Iterator[BatchSpec], batches: Iterator[Batch]) -> Generator[FieldsOfBatch, None, None]:
        """Each batch with the values of its samples; `specs` are those of the batches, in order."""
        reading: deque[Future[FieldsOfBatch]] = deque()
        with ThreadPoolExecutor(1, "fields") as thread:
            try:
                for batch in batches:  # the first one before the thread starts: until then workers may be forked
                    reading.extend(thread.submit(self._read, spec) for spec in islice(specs, AHEAD - len(reading) + 1))
                    told = reading.popleft().result()
                    yield {IMAGE_KEY: batch.images, LABEL_KEY: batch.labels, **self._moved(told)}
            finally:
                thread.shutdown(cancel_futures=True)

    def _read(self, spec: BatchSpec) -> FieldsOfBatch:
        indices = spec.indices.tolist()
        reader = self._store.reader
        if not self._chosen or not isinstance(reader, FieldReader):
            return {}
        names = None if self._sums is not None else [layout.name for layout in self._chosen]
        values = reader.fields(indices, names)
        if self._sums is not None:
            self._check(indices, values)
        return {self._keys[layout.name]: _together(layout, values) for layout in self._chosen}

    def _check(self, indices: Sequence[int], values: Sequence[Mapping[str, FieldValue]]) -> None:
        """Raises WorkError where values are not those that were built."""
        assert self._sums is not None
        for index, sample in zip(indices, values, strict=True):
            if checksum(sample, self._known) != self._sums[index]:
                where = f"sample {index} of {self._store.path} ({self._store.split})"
                raise WorkError(f"the fields of {where} differ from those that were built; build the store again")

    def _moved(self, told: FieldsOfBatch) -> FieldsOfBatch:
        return {name: self._on_device(value) for name, value in told.items()}

    def _on_device(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            if self._device.type == "mps" and value.dtype == torch.float64:
                value = value.to(torch.float32)
            return value.to(self._device)
        return [self._on_device(one) for one in value] if isinstance(value, list) else value


def _together(layout: FieldLayout, samples: Sequence[Mapping[str, FieldValue]]) -> Any:
    """The values of a batch, as the table above has them, on the host."""
    values = [sample.get(layout.name) for sample in samples]
    if layout.kind == TEXT:
        return [value or "" for value in values]
    if layout.kind == INTEGER:
        return _integers(layout, values)
    if layout.kind == NUMBER:
        return torch.tensor([float("nan") if value is None else value for value in values], dtype=torch.float64)
    if layout.kind != ARRAY:
        return values
    if is_one_shape(layout) and not layout.missing:
        return torch.from_numpy(np.stack([np.asarray(value) for value in values]))
    return [None if value is None else torch.from_numpy(np.array(value)) for value in values]


def _integers(layout: FieldLayout, values: Sequence[Any]) -> torch.Tensor:
    """Raises WorkError for one that would lose digits beside NaN."""
    if not layout.missing:
        return torch.tensor(values, dtype=torch.int64)
    large = [value for value in values if value is not None and abs(value) > LARGEST_EXACT]
    if large:
        raise WorkError(
            f"field {layout.name!r} is missing in some samples, so it becomes float64 with NaN, which has no "
            f"{large[0]}: import it as text"
        )
    return torch.tensor([float("nan") if value is None else value for value in values], dtype=torch.float64)
