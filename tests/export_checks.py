"""What every schema is held to when its records are taken away: the pixels and labels that were put into the file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from core.base.strict_json import dumps
from core.images import pixels
from core.inspect.display import NO_RANGE, Choice
from core.inspect.export_request import ExportedRecord, ImageData
from core.inspect.exporting import Exporting
from core.inspect.records import File, Records


def exported(file: File, records: Records, index: int, **named: Any) -> ExportedRecord:
    """A record as it comes from a reader process, without one."""
    chosen = {"image": "", "label": "", "split": "", "fields": True, **named}
    before, file.choice = file.choice, Choice(NO_RANGE)
    try:
        blobs: list[Any] = []
        told = Exporting(records, **chosen).record(index).to_json(blobs)
    finally:
        file.choice = before
    return ExportedRecord.of_json(json.loads(dumps(told)), iter(list(map(bytes, blobs))))


def as_rgb(image: ImageData | None) -> np.ndarray:
    """An exported image by the pixel rule, where that needs no range."""
    assert image is not None
    if isinstance(image, bytes):
        return pixels.decode(image)
    assert image.ndim == 3
    assert image.shape[2] in (1, 3)
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def check_export(one: ExportedRecord, key: str, label: Any, truth: np.ndarray, tolerance: int = 0) -> None:
    """Bytes are the truth itself; other numbers are it but for a scale, which is the importing dataset's."""
    assert (one.key, one.label, one.problem) == (key, label, None)
    found = as_rgb(one.image)
    assert found.shape == truth.shape, key
    if found.dtype == np.uint8:
        assert np.abs(found.astype(int) - truth.astype(int)).max() <= tolerance, key
    else:
        assert np.corrcoef(found.reshape(-1).astype(float), truth.reshape(-1).astype(float))[0, 1] > 0.999, key
