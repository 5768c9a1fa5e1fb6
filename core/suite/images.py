"""The images of a suite as datasets of the home: given ones, or generated; small ones made of photos where only these
are given.

A dataset's name says which images it has, so that a suite that is run again, or gone on with, finds it.
"""

from __future__ import annotations

import hashlib
import io
import statistics
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from ..base.errors import InputError, disk_trouble_told
from ..base.events import Event, Message, Pace, Progress, Result
from ..base.home import Home
from ..base.names import folders
from ..base.staging import claim
from ..datasets.dataset import Dataset, list_datasets
from ..images.pixels import decode
from ..importing.task import Import
from .generated import ABOUT, GENERATOR, generate
from .workloads import PHOTOS, SMALL, SMALL_SIDE

SPLIT = "train"
SIDE = 32
"""Pixels of small images that are made of photos."""

QUALITY = 90
LOOKED_AT = 500
"""Images whose sizes decide what given ones are."""


@dataclass(frozen=True)
class SuiteImages:
    """Where the images of a kind come from: `source` is what to import or a dataset's name, "" for generated ones.

    scaled: whether they are photos that become small images.
    """

    kind: str
    source: str
    scaled: bool = False

    def dataset_name(self, count: int) -> str:
        """What their dataset of so many images is called."""
        if not self.source:
            return f"suite-{self.kind}-{count}-g{GENERATOR}"
        digest = hashlib.sha256(f"{self.source} {self.scaled}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return f"suite-{self.kind}-{count}-{digest}"


def images_for(
    home: Home, images: str, small: str, kinds: Sequence[str], most: int
) -> Generator[Event, None, dict[str, SuiteImages]]:
    """Which images each kind gets: `images` and `small` are what was given, "" for nothing; `most` is the largest
    number that is needed. What is not given is generated, unless small images can be made of photos.

    Raises InputError for what cannot be imported.
    """
    chosen = {kind: SuiteImages(kind, "") for kind in kinds}
    if images:
        name = yield from given_dataset(home, images, most)
        kind = kind_of(Dataset.open(home, name))
        chosen |= {kind: SuiteImages(kind, name)} if kind in kinds else {}
        if kind == PHOTOS and SMALL in kinds and not small:
            chosen[SMALL] = SuiteImages(SMALL, name, scaled=True)
    if small and SMALL in kinds:
        name = yield from given_dataset(home, small, most)
        is_small = kind_of(Dataset.open(home, name)) == SMALL
        chosen[SMALL] = SuiteImages(SMALL, name, scaled=not is_small)
    return chosen


def given_dataset(home: Home, source: str, most: int) -> Generator[Event, None, str]:
    """The name of the dataset that was given, or that a given source is imported as. Raises what an import raises."""
    if any(dataset.name == source for dataset in list_datasets(home)):
        return source
    where = str(Path(source).expanduser().absolute()) if Path(source).expanduser().exists() else source
    name = f"suite-given-{hashlib.sha256(f'{where} {most}'.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    if not any(dataset.name == name for dataset in list_datasets(home)):
        yield from _quietly(Import(where, name, limit=most, home=str(home.root)).run())
    return name


def kind_of(dataset: Dataset) -> str:
    """`SMALL` or `PHOTOS`, by the sizes of its images. Raises InputError where it has none to train with."""
    if not dataset.splits.get(SPLIT):
        raise InputError(f"{dataset.name} has no images in its split {SPLIT!r}: give images that have some")
    sides = [max(size) for size in islice(dataset.sizes(SPLIT), LOOKED_AT)]
    return SMALL if statistics.median(sides) <= SMALL_SIDE else PHOTOS


def suite_dataset(home: Home, images: SuiteImages, count: int) -> Generator[Event, None, Dataset]:
    """The dataset of so many of these images, made where it is not there; fewer where there are no more.

    Raises WorkError where the disk refuses; nothing half-made is left.
    """
    name = images.dataset_name(count)
    if not any(dataset.name == name for dataset in list_datasets(home)):
        if images.source and _fits(Dataset.open(home, images.source), images, count):
            return Dataset.open(home, images.source)
        yield from _make(home, images, count, name)
    return Dataset.open(home, name)


def _fits(dataset: Dataset, images: SuiteImages, count: int) -> bool:
    """Whether a given dataset is taken as it is: nothing is to be made of its images, and they are no more than asked
    for and all of one kind of file."""
    return not images.scaled and dataset.splits[SPLIT] <= count and encoding_of_files(dataset) != ""


def encoding_of_files(dataset: Dataset) -> str:
    """ "jpeg" or "png" where all files that were looked at are such, else ""."""
    endings = {Path(row.path).suffix.lower() for row in islice(dataset.rows(SPLIT), LOOKED_AT)}
    kinds = {{".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}.get(ending, "") for ending in endings}
    return kinds.pop() if len(kinds) == 1 else ""


def _make(home: Home, images: SuiteImages, count: int, name: str) -> Iterator[Event]:
    """Write the images into class folders and import these."""
    with _workplace(home, name) as scratch:
        folder = scratch / "images"
        if images.source:
            yield from _copy(Dataset.open(home, images.source), folder, images, count)
        else:
            yield Message(f"{count:,} images are generated: {images.kind}")
            yield from generate(folder, images.kind, count)
        whole = {"val_fraction": 0.0}
        yield from _quietly(Import(str(folder), name, options=whole, home=str(home.root)).run())


@contextmanager
def _workplace(home: Home, name: str) -> Iterator[Path]:
    with (
        disk_trouble_told("making the images"),
        claim(home.root / "data" / "suite" / ".making", name, "suite") as scratch,
    ):
        yield scratch


def _copy(dataset: Dataset, folder: Path, images: SuiteImages, count: int) -> Iterator[Event]:
    """Some images of a dataset, spread evenly over it and its classes, as JPEG files in folders of its classes: the
    files themselves where they are JPEG files of the right size."""
    total = dataset.splits[SPLIT]
    chosen = {position * total // count for position in range(count)} if count < total else set(range(total))
    places = {label: folder / name for label, name in enumerate(folders(dataset.classes).values())}
    pace = Pace()
    for done, row in enumerate(row for row in dataset.rows(SPLIT) if row.position in chosen):
        place = places[row.label]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{row.position:06d}.jpg").write_bytes(_as_jpeg(dataset.read(row), dataset, images.scaled))
        if pace.due():
            yield Progress("copying images", done, len(chosen))


def _as_jpeg(data: bytes, dataset: Dataset, scaled: bool) -> bytes:
    if data[:3] == b"\xff\xd8\xff" and not scaled:
        return data
    image = Image.fromarray(decode(data, dataset.values))
    if scaled:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def told_images(dataset: Dataset, images: SuiteImages, given: str) -> dict[str, Any]:
    """What a suite's file says of the images of a kind; `given`: what somebody gave."""
    shapes: Mapping[Any, int] = dataset.shapes(SPLIT)
    height, width, _ = next(iter(shapes))
    about = ABOUT if not images.source else f"Small ones of {SIDE} x {SIDE} made of photos." if images.scaled else ""
    return {
        "from": given or "generated",
        "generated": not images.source,
        "samples": dataset.splits[SPLIT],
        "classes": len(dataset.classes),
        "bytes": dataset.split_bytes()[SPLIT],
        "shape": f"{height} x {width} pixels" + (f" and {len(shapes) - 1:,} other sizes" if len(shapes) > 1 else ""),
        "fingerprint": dataset.fingerprint,
        "about": about,
    }


def _quietly(events: Iterator[Event]) -> Iterator[Event]:
    """Without the result, which is the suite's to give."""
    return (event for event in events if not isinstance(event, Result))
