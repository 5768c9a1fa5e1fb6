"""What an import would bring, before it is started: what the place is taken for, splits, classes, sizes, a few images,
about how long it takes, and what can be chosen otherwise.

The source itself prepares the import, within bounds of time and number (`core.sources.request.Patience`), so that a
preview says what the import does. Nothing is written but into a folder for temporary files.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..base.contracts import Skipped
from ..base.errors import InputError
from ..base.events import Event, Progress, Result
from ..base.home import Home
from ..base.options import Option, Value, parse
from ..base.source_contracts import Previewable, Recognition, Source
from ..images.value_range import ValueRange
from ..remote.address import is_address
from ..sources import SOURCES, Request, open_source
from ..sources.recognise import GENERATED, as_path
from ..sources.request import Patience, PatienceError
from .preview_samples import PreviewSample, look_at_images
from .recognise import recognise

LOOK_SECONDS = 4.0
IMAGES = 200_000
"""For so long a place is read for a preview, and so many images are listed one by one."""

INDEX_BYTES = 200
"""An image's row in the index, about."""

SMALL_IMPORT = 500
START_SECONDS = 1.0
"""Starting processes, which only more images than that are worth."""


class PreviewRequest(NamedTuple):
    """What `Import` is asked for: see there. Plain JSON."""

    source: str
    options: Mapping[str, Value]
    limit: int | None = None
    reference: bool = False
    home: str | None = None


@dataclass(frozen=True)
class Preview:
    """`splits` and `classes` (images by split of each) are empty where only the import can tell; `note` says why.

    bytes: of the image files, estimated from some of them; needed: what the import takes on the disk, what is only
    unpacked for its time included; index_bytes: what is needed by reference; free: what is left there now. seconds: how
    long the import takes, about; None where nothing was tried. referable: whether nothing need be copied. values: how
    samples of more than 8 bits are shown, from `samples`. skipped: what is known already of what will not be imported.
    """

    source: str
    recognition: Recognition
    options: Mapping[str, Option] = field(default_factory=dict)
    given: Mapping[str, Value] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    bytes: int = 0
    needed: int = 0
    index_bytes: int = 0
    free: int = 0
    seconds: float | None = None
    referable: bool = False
    fields: Sequence[str] = ()
    samples: Sequence[PreviewSample] = ()
    values: ValueRange = field(default_factory=ValueRange)
    warnings: Sequence[str] = ()
    skipped: Sequence[Skipped] = ()
    note: str = ""

    def to_json(self, pictures: bool = False) -> dict[str, Any]:
        """The JSON of `import --dry-run`; `pictures`: the samples' as well."""
        told = self.recognition
        return {
            "source": self.source,
            "recognised": told.recognised,
            "why": told.why,
            "labels": told.labels,
            "splits": dict(self.splits),
            "classes": list(self.classes),
            "class_images": {name: dict(counts) for name, counts in self.classes.items()},
            "joined": [one._asdict() for one in told.joined],
            "samples": [sample.to_json(pictures) for sample in self.samples],
            "fields": list(self.fields),
            "bytes": self.bytes,
            "needed": self.needed,
            "index_bytes": self.index_bytes,
            "free": self.free,
            "seconds": self.seconds,
            "referable": self.referable,
            "range": self.values.to_json(),
            "unused": [one._asdict() for one in told.unused],
            "skipped": [one._asdict() for one in self.skipped],
            "warnings": list(self.warnings),
            "partial": told.partial,
            "note": self.note,
            "options": {name: self._option(option) for name, option in self.options.items()},
        }

    def _option(self, option: Option) -> dict[str, Any]:
        choices = self.recognition.choices.get(option.name, option.choices)
        return {
            "title": option.title,
            "help": option.help,
            "type": option.type,
            "value": self.given.get(option.name, option.default),
            "recognised": self.recognition.chosen.get(option.name),
            "default": option.default,
            "choices": None if choices is None else list(choices),
            "minimum": option.minimum,
            "maximum": option.maximum,
            "optional": option.optional,
        }


def previewing(request: PreviewRequest) -> Iterator[Event]:
    """Look at what `request` would bring; ends with the JSON of it, pictures included.

    Raises:
        ContainerError: it is the container of a format.
        InputError: the import would refuse it for this reason.
    """
    yield Progress("recognising", 0, None)
    home = Home.find(request.home)
    name = recognise(request.source)
    free = shutil.disk_usage(next(folder for folder in (home.root, *home.root.parents) if folder.is_dir())).free
    options = SOURCES.options(name)
    given = {key: parse(options[key], value) for key, value in request.options.items() if key in options}
    with tempfile.TemporaryDirectory(prefix="preview-") as scratch:
        source = open_source(name, request.options, _source_request(home, request, Path(scratch)))
        with closing(source):
            try:
                yield from (event for event in source.prepare() if isinstance(event, Progress))
                yield Progress("looking at images", 0, None)
                found = _of_source(name, source, options, given, free, Path(scratch), request)
            except PatienceError as error:
                told = Recognition(SOURCES[name].title)
                found = Preview(name, told, options, given, free=free, note=f"{error}, so it cannot be looked at here")
    yield Result(found.to_json(pictures=True))


def _source_request(home: Home, request: PreviewRequest, scratch: Path) -> Request:
    (scratch / "source").mkdir()
    elsewhere = is_address(request.source)
    return Request(
        scratch=scratch / "source",
        downloads=home.root / "data" / "downloads",
        path=None if elsewhere or request.source in GENERATED else as_path(request.source),
        address=request.source if elsewhere else "",
        limit=request.limit,
        patience=Patience.of(LOOK_SECONDS, IMAGES),
        reference=request.reference,
        home=home,
    )


def _of_source(
    name: str,
    source: Source,
    options: Mapping[str, Option],
    given: Mapping[str, Value],
    free: int,
    scratch: Path,
    request: PreviewRequest,
) -> Preview:
    splits = dict(source.counts)
    images = sum(splits.values())
    cells = source.cells() if isinstance(source, Previewable) else {}
    looked = look_at_images(source, scratch)
    if looked.skipped and not looked.samples and images <= len(looked.skipped):
        first = looked.skipped[0]
        raise InputError(f"none of them can be read as an image: {first.path}: {first.reason}")
    told = source.total_bytes() if isinstance(source, Previewable) else None
    share = source.recognition.share
    total = round((told if told is not None else looked.mean_bytes * images) / share)
    index_bytes = round(images / share) * INDEX_BYTES
    copied = 0 if request.reference else 2 * total if name == "archive" else total
    return Preview(
        name,
        source.recognition,
        options,
        given,
        splits,
        {one: {split: cells.get((split, one), 0) for split in splits} for one in source.classes},
        total,
        index_bytes + copied,
        index_bytes,
        free,
        looked.seconds(images / share, request.reference, START_SECONDS if images > SMALL_IMPORT else 0.0),
        SOURCES[name].refers,
        looked.fields,
        looked.samples,
        looked.extremes.range,
        [*source.recognition.notes, *looked.extremes.sentences()],
        looked.skipped,
    )
