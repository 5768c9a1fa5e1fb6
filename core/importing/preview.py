"""What an import would bring, before it is started: what the place is taken for, splits, classes, sizes, a few images.

Folders are listed as the import lists them, with the same answer, within bounds of time and number. Of an archive only
its own list of contents is read, where it has one.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..base.contracts import FoundImage, Recognition
from ..base.errors import InputError
from ..base.home import Home
from ..base.names import readable
from ..base.units import counted
from ..images import pixels
from ..images.value_range import ValueRange
from ..sources import SOURCES, Request, open_source
from ..sources.listed import ListedFiles, read_image_file
from ..sources.recognise import as_path
from ..sources.request import Patience, PatienceError
from ..sources.tree import IMAGE_ENDINGS
from .inspected import InspectedSource
from .recognise import recognise
from .wide_images import Extremes

SECONDS = 10.0
IMAGES = 300_000
"""Within these bounds a folder is listed for a preview."""

SIZED = 400
"""Files whose sizes are looked at."""

SAMPLES = 12
SAMPLE_BYTES = 16 << 20

INDEX_BYTES = 200
"""An image's row in the index, about."""


class PreviewImage(NamedTuple):
    """An image as it would be imported: where it belongs, its file's bytes."""

    split: str
    class_name: str
    path: str
    data: bytes


@dataclass(frozen=True)
class Preview:
    """`splits` and `classes` (images by split of each) are empty where only the import can tell; `note` says why.

    `bytes` are those of the image files (estimated from some of them), `needed` what the dataset takes on the disk,
    what is only unpacked for the time of the import included; `free` is left there now.
    """

    source: str
    recognition: Recognition
    splits: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    bytes: int = 0
    needed: int = 0
    free: int = 0
    samples: Sequence[PreviewImage] = ()
    values: ValueRange = field(default_factory=ValueRange)
    note: str = ""


def preview(home: Home, spec: str, options: Mapping[str, object]) -> Preview:
    """Look at what `spec` (a path) would bring.

    Raises:
        ContainerError: it is the container of a format.
        InputError: the import would refuse it for this reason.
    """
    name, path = recognise(spec), as_path(spec)
    free = shutil.disk_usage(next(folder for folder in (home.root, *home.root.parents) if folder.is_dir())).free
    told = Recognition(SOURCES[name].title)
    if name == "archive":
        return _of_archive(path, told, free)
    if SOURCES[name].named:
        return Preview(name, told, free=free, note="The import reads its files and tells what is in them.")
    with tempfile.TemporaryDirectory(prefix="preview-") as scratch:
        patience = Patience(time.monotonic() + SECONDS, IMAGES)
        request = Request(scratch=Path(scratch), downloads=Path(scratch), path=path, patience=patience, home=home)
        source = open_source(name, options, request)
        with closing(source):
            try:
                for _ in source.prepare():
                    pass
            except PatienceError as error:
                return Preview(name, told, free=free, note=f"No preview: {error}. The import tells what is in it.")
            if isinstance(source, InspectedSource):
                return _of_records(name, source, free)
            assert isinstance(source, ListedFiles)
            return _of_listing(name, source, free)


def _of_records(name: str, source: InspectedSource, free: int) -> Preview:
    classes, splits = list(source.classes), source.counts
    spread = classes[:: max(1, -(-len(classes) // SAMPLES))]
    found = [one for one in source.reading.first(list(splits), spread) if isinstance(one, FoundImage)]
    samples = [PreviewImage(one.split, one.class_name, one.origin, one.data) for one in found if _is_image(one.data)]
    images = sum(splits.values())
    total = round(sum(len(one.data) for one in found) / max(1, len(found)) * images)
    cells = source.listing.cells()
    return Preview(
        name,
        source.recognition,
        splits,
        {one: {split: cells.get((split, one), 0) for split in splits} for one in classes},
        total,
        total + images * INDEX_BYTES,
        free,
        samples,
        _range_of(samples),
    )


def _range_of(samples: Sequence[PreviewImage]) -> ValueRange:
    extremes = Extremes()
    for sample in samples:
        extremes.add(pixels.examine(sample.data)[1])
    return extremes.range


def _of_listing(name: str, source: ListedFiles, free: int) -> Preview:
    cells, splits = source.listing.cells(), source.counts
    images = sum(splits.values())
    sized, size = source.listing.sizes(SIZED)
    total = round(size / max(1, sized) * images)
    samples = _samples(source)
    return Preview(
        name,
        source.recognition,
        splits,
        {one: {split: cells.get((split, one), 0) for split in splits} for one in source.classes},
        total,
        total + images * INDEX_BYTES,
        free,
        samples,
        _range_of(samples),
    )


def _samples(source: ListedFiles) -> list[PreviewImage]:
    """The first image of each of some classes, spread over all."""
    classes = list(source.classes)
    found = []
    for class_name in classes[:: max(1, -(-len(classes) // SAMPLES))]:
        for split in source.counts:
            path = source.listing.first(split, class_name)
            if path is not None:
                data = read_image_file(path)
                if isinstance(data, bytes) and len(data) <= SAMPLE_BYTES and _is_image(data):
                    found.append(PreviewImage(split, class_name, readable(path), data))
                break
    return found


def _is_image(data: bytes) -> bool:
    try:
        pixels.decode(data)
    except pixels.BadImage:
        return False
    return True


def _of_archive(path: Path, told: Recognition, free: int) -> Preview:
    """What a zip's own list says; a tar has none."""
    size = path.stat().st_size
    if not zipfile.is_zipfile(path):
        note = "A tar has no list of its contents: splits and classes are known when it has been unpacked."
        return Preview("archive", told, bytes=size, needed=2 * size, free=free, note=note)
    try:
        with zipfile.ZipFile(path) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path.name} is not a whole archive ({error}); download or pack it again") from None
    images = [entry for entry in entries if Path(entry.filename).suffix.lower() in IMAGE_ENDINGS]
    others = len(entries) - len(images)
    if not images and not any(Path(entry.filename).name == "data_batch_1" for entry in entries):
        inside = f"; it holds {readable(entries[0].filename)}" if entries else ""
        raise InputError(f"no image found in {path.name}{inside}{f' and {others - 1:,} more' if others > 1 else ''}")
    unpacked = sum(entry.file_size for entry in images)
    told.why = f"{counted(len(images), 'image')} and {counted(others, 'other file')}, by its list of contents"
    note = "Splits and classes are known when it has been unpacked."
    return Preview("archive", told, {}, {}, unpacked, 2 * unpacked + len(images) * INDEX_BYTES, free, note=note)
