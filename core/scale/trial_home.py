"""A small dataset in a home of its own, made of images of a real one or of stand-ins: what builds and loads are tried
on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..base.events import finish
from ..base.home import Home
from ..datasets.dataset import Dataset
from ..importing.task import Import
from ..stores.store import WORKPLACE
from .stand_in import draw_stand_ins

MOST_DRAWN = 5_000
MOST_IMAGES = 20_000
"""Of a trial: small images are taken several times, since of a few thousand the start of a process is all one sees."""

MOST_PIXELS = 30_000_000
FEWEST = 32
SHARE_OF_FEW = 0.2
"""Of the images in the smaller of two trials: the difference is what images take, the rest is paid once."""

MANY, FEW = "many", "few"
SEED = 3
IMAGES = "images"
MOST_STAND_INS = 1_000


@dataclass(frozen=True)
class TrialHome:
    """`home` holds the datasets `MANY` and `FEW`, of one split each, made of `drawn` images. `notes`: what is not as it
    will really be."""

    home: Home
    drawn: int
    notes: tuple[str, ...] = ()

    def dataset(self, name: str) -> Dataset:
        return Dataset.open(self.home, name)


def trial_count(pixels: float) -> int:
    """Images of a trial, of so many pixels each: as many as take a few seconds."""
    return min(MOST_IMAGES, max(FEWEST, int(MOST_PIXELS / max(pixels, 1.0))))


@contextmanager
def trial_of_dataset(home: Home, dataset: Dataset) -> Iterator[TrialHome]:
    """Images drawn evenly from the first split; gone afterwards. Raises WorkError where the disk refuses."""
    split = next(iter(dataset.splits))
    shapes = dataset.shapes(split)
    pixels = sum(height * width * images for (height, width, _), images in shapes.items()) / sum(shapes.values())
    count = trial_count(pixels)
    positions = dataset.sample_positions(split, k=min(count, MOST_DRAWN), seed=SEED)
    with _folder(home) as root:
        for number, position in enumerate(positions):
            row = dataset.row(split, position)
            place = root / IMAGES / f"class{row.label:05d}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number:06d}{Path(row.path).suffix}").write_bytes(dataset.read(row))
        _take_again(root / IMAGES, count // len(positions))
        yield _imported(root, len(positions), ())


@contextmanager
def trial_of_stand_ins(home: Home, height: int, width: int, image_bytes: float) -> Iterator[TrialHome]:
    """Drawn JPEG files of so many pixels and bytes."""
    count = trial_count(height * width)
    drawn = min(count, MOST_STAND_INS)
    with _folder(home) as root:
        mean = draw_stand_ins(root / IMAGES, height, width, image_bytes, drawn)
        _take_again(root / IMAGES, count // drawn)
        notes = (f"measured on generated JPEG files of {width} x {height} pixels and {mean:,.0f} bytes",)
        yield _imported(root, drawn, notes)


def _take_again(images: Path, times: int) -> None:
    """Each file under further names, until it is there so many times."""
    for path in list(images.rglob("*.*")) if times > 1 else ():
        for number in range(1, times):
            path.with_name(f"{path.stem}-{number}{path.suffix}").write_bytes(path.read_bytes())


@contextmanager
def _folder(home: Home) -> Iterator[Path]:
    """On the disk that stores are built on."""
    near = home.built / WORKPLACE
    near.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="scale-", dir=near) as name:
        yield Path(name)


def _imported(root: Path, drawn: int, notes: tuple[str, ...]) -> TrialHome:
    """All of it as one split, and a part of it as another dataset."""
    finish(_import(root, MANY, None).run())
    whole = sum(Dataset.open(Home(root), MANY).splits.values())
    finish(_import(root, FEW, max(1, round(whole * SHARE_OF_FEW))).run())
    return TrialHome(Home(root), drawn, notes)


def _import(root: Path, name: str, limit: int | None) -> Import:
    return Import(str(root / IMAGES), name, limit, {"val_fraction": 0.0}, str(root))
