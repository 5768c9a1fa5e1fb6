"""A few images of a source, read as the import reads them: some to be shown, all for an estimate of its time."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..base.contracts import FieldValue, Skipped
from ..base.field_values import plain_values
from ..base.source_contracts import FoundImage, Previewable, Source
from ..base.strict_json import dumps
from ..base.units import size_text
from ..images import pixels
from ..images.pixel_choice import PixelChoice
from ..images.value_range import ValueRange
from ..processes.cpus import usable_cpus
from ..sources.pixel_options import pixel_choice_of
from .decoding import examine_many
from .wide_images import Extremes

SAMPLES = 10
MOST_SKIPPED = 20
TRIED = 256
TRIED_BYTES = 64 << 20
TRY_SECONDS = 2.0
"""So many images are read for an estimate, for no longer than that."""

EDGE = 160
"""Pixels along the longer edge of a sample's picture."""

TEXT = 200
"""Characters of a field's value that are shown."""

MOST_NUMBERS = 16


class PreviewSample(NamedTuple):
    """An image as it would be imported. `picture`: a small PNG or JPEG of it; `pictures`: of fields that are images."""

    split: str
    class_name: str
    label: int
    path: str
    fields: Mapping[str, Any]
    picture: bytes
    pictures: Mapping[str, bytes]

    def to_json(self, pictures: bool) -> dict[str, Any]:
        """Its pictures, if at all, in Base64."""
        told = {
            "split": self.split,
            "class": self.class_name,
            "label": self.label,
            "path": self.path,
            "fields": dict(self.fields),
        }
        if pictures:
            told["picture"] = base64.b64encode(self.picture).decode()
            told["pictures"] = {name: base64.b64encode(data).decode() for name, data in self.pictures.items()}
        return told


@dataclass
class LookedAt:
    """What came of the images that were read: `read_s`, `decode_s` and `write_s` are seconds for all `images`."""

    samples: list[PreviewSample] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    extremes: Extremes = field(default_factory=lambda: Extremes(PixelChoice()))
    images: int = 0
    bytes: int = 0
    read_s: float = 0.0
    decode_s: float = 0.0
    write_s: float = 0.0

    @property
    def mean_bytes(self) -> float:
        return self.bytes / max(self.images, 1)

    def seconds(self, images: float, reference: bool, more: float) -> float | None:
        """How long an import of so many takes, about; `more` seconds are added. None where none was read."""
        if not self.images:
            return None
        each = (self.read_s + self.decode_s + (0.0 if reference else self.write_s)) / self.images
        return max(round(images * each / usable_cpus() + more, 1), 0.1)


def look_at_images(source: Source, scratch: Path) -> LookedAt:
    """Read some of a prepared source's images; what is written is written into `scratch`."""
    looked = LookedAt(extremes=Extremes(pixel_choice_of(source)))
    found: list[FoundImage] = []
    given = source.drawn(TRIED) if isinstance(source, Previewable) else source.images()
    begun = time.perf_counter()
    for one in islice(given, TRIED):
        if isinstance(one, FoundImage):
            found.append(one)
            looked.bytes += len(one.data)
        elif len(looked.skipped) < MOST_SKIPPED:
            looked.skipped.append(one)
        if looked.bytes > TRIED_BYTES or time.perf_counter() - begun > TRY_SECONDS:
            break
    looked.read_s = time.perf_counter() - begun
    _decode(found, looked)
    _write(found, looked, scratch)
    looked.fields = list(dict.fromkeys(name for one in found for name in one.fields))
    looked.samples = samples_of(found, source.classes, looked.extremes.range)
    return looked


def _decode(found: Sequence[FoundImage], looked: LookedAt) -> None:
    """Decode them as the import does, and keep how long that took and what is broken."""
    begun = time.perf_counter()
    results = examine_many([one.data for one in found], looked.extremes.choice.bands)
    looked.decode_s = time.perf_counter() - begun
    looked.images = len(found)
    for one, result in zip(found, results, strict=True):
        if not isinstance(result, pixels.BadImage):
            looked.extremes.add(result.values)
        elif len(looked.skipped) < MOST_SKIPPED:
            looked.skipped.append(Skipped(one.origin, str(result)))


def _write(found: Sequence[FoundImage], looked: LookedAt, scratch: Path) -> None:
    """Write them, to know how long that takes."""
    begun = time.perf_counter()
    with suppress(OSError):  # a full disk is told otherwise
        for number, one in enumerate(found):
            (scratch / f"{number}.tried").write_bytes(one.data)
    looked.write_s = time.perf_counter() - begun


def samples_of(found: Sequence[FoundImage], classes: Sequence[str], values: ValueRange) -> list[PreviewSample]:
    """The first of them that are images, as they would look."""
    labels = {name: label for label, name in enumerate(classes)}
    samples: list[PreviewSample] = []
    for one in found:
        picture = _picture(one.data, values)
        if picture is None or len(samples) >= SAMPLES:
            continue
        pictures = {name: _picture(value, values) for name, value in one.fields.items() if isinstance(value, bytes)}
        samples.append(
            PreviewSample(
                one.split,
                one.class_name,
                labels[one.class_name],
                one.origin,
                {name: _shown(value) for name, value in one.fields.items()},
                picture,
                {name: data for name, data in pictures.items() if data is not None},
            )
        )
    return samples


def _picture(data: bytes, values: ValueRange) -> bytes | None:
    """A small PNG of an image file, a JPEG where it was made smaller; None where it is none."""
    try:
        image = Image.fromarray(pixels.decode(data, values, edge=EDGE))
    except pixels.BadImage:
        return None
    small = max(image.size) <= EDGE
    image.thumbnail((EDGE, EDGE))
    file = io.BytesIO()
    image.save(file, "png" if small else "jpeg", **({} if small else {"quality": 85}))
    return file.getvalue()


def _shown(value: FieldValue) -> Any:
    """A field's value as plain JSON; of what is large, what it is."""
    if isinstance(value, bytes):
        return f"an image, {size_text(len(value))}"
    if isinstance(value, np.ndarray) and value.size > MOST_NUMBERS:
        return f"{value.dtype}, shape {value.shape}"
    plain = plain_values({"": value})[""]
    text = plain if isinstance(plain, str) else dumps(plain)
    return plain if len(text) <= TEXT else f"{text[:TEXT]}…"
