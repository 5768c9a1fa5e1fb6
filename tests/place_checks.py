"""What every schema is held to when its images are loaded where they lie: the pixels that were put into the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.base.strict_json import dumps
from core.images import pixels
from core.inspect.opened_file import OpenedFile
from core.inspect.place_requests import ImageBytesRequest, ImagePlacesRequest
from core.inspect.places.form import ImageForm
from core.inspect.places.layout import taken_as
from core.inspect.requests import NumbersRequest

Ask = Callable[[Any], Any]
"""What a reader process, or a file in this process, answers to a request."""


def in_process(kind: str, path: Path) -> Ask:
    """As a reader process answers, without one."""
    opened = OpenedFile(kind, str(path), None)

    def ask(request: Any) -> Any:
        fields, blobs = request.answer(opened)
        return request.decode(json.loads(dumps(fields)), [bytes(blob) for blob in blobs])

    return ask


def check_places(
    ask: Ask, path: Path, truth: Sequence[np.ndarray], labels: Sequence[Any] | None = None, tolerance: int = 0
) -> int:
    """How many of the images lie bare. What lies at a place, and what the reader hands out, are the images."""
    found = ask(ImagePlacesRequest(0))
    assert (found.end, found.bad) == (len(truth), [])
    handed_out = ask(ImageBytesRequest(range(len(truth))))
    files = [(path if path.is_dir() else path.parent) / name for name in found.files] or [path]
    bare = 0
    for index, (number, file, offset, length, _) in enumerate(found.table.tolist()):
        form, payload = handed_out[index]
        _check(form, payload, truth[index], tolerance)
        if offset >= 0:
            bare += 1
            data = files[file].read_bytes()[offset : offset + length]
            _check(found.forms[number], data, truth[index], tolerance)
    if labels is not None:
        numbers = ask(NumbersRequest())
        assert (found.labels if numbers is None else numbers.tolist()) == list(labels)
    return bare


def _check(form: ImageForm | None, payload: bytes, truth: np.ndarray, tolerance: int) -> None:
    assert form is not None, payload
    image = taken_as(form, np.frombuffer(payload, np.uint8)) if form.is_pixels else pixels.decode(payload)
    assert image.shape == truth.shape
    assert np.abs(image.astype(int) - truth.astype(int)).max() <= tolerance
