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

MOST_IMAGES = 5_000
MOST_PIXELS = 30_000_000
FEWEST = 32
SHARE_OF_FEW = 0.2
"""Of the images in the smaller of two trials: the difference is what images take, the rest is paid once."""

MANY, FEW = "many", "few"
SEED = 3


@dataclass(frozen=True)
class TrialHome:
    """`home` holds the datasets `MANY` and `FEW`, of one split each. `notes`: what is not as it will really be."""

    home: Home
    notes: tuple[str, ...] = ()

    def dataset(self, name: str) -> Dataset:
        return Dataset.open(self.home, name)


def trial_count(pixels: float, there: int) -> int:
    """Images of a trial: as many as there are, within what takes a few seconds."""
    return max(1, min(MOST_IMAGES, there, max(FEWEST, int(MOST_PIXELS / max(pixels, 1.0)))))


@contextmanager
def trial_of_dataset(home: Home, dataset: Dataset) -> Iterator[TrialHome]:
    """Images drawn evenly from the first split; gone afterwards. Raises WorkError where the disk refuses."""
    split = next(iter(dataset.splits))
    shapes = dataset.shapes(split)
    pixels = sum(height * width * images for (height, width, _), images in shapes.items()) / sum(shapes.values())
    count = trial_count(pixels, dataset.splits[split])
    with _folder(home) as root:
        for number, position in enumerate(dataset.sample_positions(split, k=count, seed=SEED)):
            row = dataset.row(split, position)
            place = root / "images" / f"class{row.label:05d}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number:06d}{Path(row.path).suffix}").write_bytes(dataset.read(row))
        yield _imported(root, count, ())


@contextmanager
def trial_of_stand_ins(home: Home, height: int, width: int, image_bytes: float) -> Iterator[TrialHome]:
    """Drawn JPEG files of so many pixels and bytes."""
    count = trial_count(height * width, MOST_IMAGES)
    with _folder(home) as root:
        mean = draw_stand_ins(root / "images", height, width, image_bytes, count)
        notes = (f"measured on generated JPEG files of {width} x {height} pixels and {mean:,.0f} bytes",)
        yield _imported(root, count, notes)


@contextmanager
def _folder(home: Home) -> Iterator[Path]:
    """On the disk that stores are built on."""
    near = home.built / WORKPLACE
    near.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="scale-", dir=near) as name:
        yield Path(name)


def _imported(root: Path, count: int, notes: tuple[str, ...]) -> TrialHome:
    """All of it as one split."""
    for name, images in ((MANY, count), (FEW, max(1, round(count * SHARE_OF_FEW)))):
        limit = images if images < count else None
        finish(Import(str(root / "images"), name, limit, {"val_fraction": 0.0}, str(root)).run())
    return TrialHome(Home(root), notes)
