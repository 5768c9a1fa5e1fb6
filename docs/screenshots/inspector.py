"""The pictures of the inspector: grid and sample, and the structure of an LMDB and an HDF5 file from elsewhere."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import h5py
import lmdb
import numpy as np

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.importing.task import Import
from tests.test_app_browser import serving

MOST_HEIGHT = 2400
SAMPLES = 3000
DELETED_EACH = 9
"""Every so many entries of the LMDB one is deleted, so that it has free pages to be seen."""


def take_all(browser: Any) -> None:
    """All of them, from a home of its own."""
    from docs.screenshots.take import SIZE

    with tempfile.TemporaryDirectory(prefix="format-matters-") as folder:
        home = Home(Path(folder))
        furnish(home)
        with serving(home.root) as address:
            take(browser.new_context(viewport=SIZE, color_scheme="light").new_page(), address, home)


def furnish(home: Home) -> None:
    """A dataset, stores of it, and files as other people make them."""
    options = {"size": 32, "train": SAMPLES, "val": 500}
    finish(Import("shapes", "shapes", options=options, home=str(home.root)).run())
    for format, encoding in (("lmdb", "raw"), ("hdf5", "raw"), ("lmdb", "jpeg"), ("disk", "original")):
        finish(Build("shapes", format, encoding, home=str(home.root)).run())
    images, labels = arrays(home)
    files = home.root / "files"
    files.mkdir()
    write_lmdb(files / "train.lmdb", images, labels)
    write_hdf5(files / "features.h5", images, labels)


def arrays(home: Home) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (n, 32, 32, 3) and labels int64 (n,) of the dataset, mixed."""
    from core.images.pixels import decode

    dataset = Dataset.open(home, "shapes")
    order = np.random.default_rng(0).permutation(SAMPLES)
    rows = [dataset.row("train", int(position)) for position in order]
    return np.stack([decode(dataset.read(row)) for row in rows]), np.array([row.label for row in rows])


def write_lmdb(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Pickled pairs under running numbers, in a map far larger than needed, some of them deleted again."""
    with lmdb.open(str(path), map_size=1 << 30) as env:
        with env.begin(write=True) as transaction:
            for index, (image, label) in enumerate(zip(images, labels, strict=True)):
                value = {"image": image, "label": int(label), "compression": None}
                transaction.put(f"{index:08}".encode(), pickle.dumps(value))
        with env.begin(write=True) as transaction:
            for index in range(0, len(images), DELETED_EACH):
                transaction.delete(f"{index:08}".encode())


def write_hdf5(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Compressed chunks that were written out of order, groups, links."""
    with h5py.File(path, "w") as file:
        chunks = file.create_dataset("train/images", images.shape, "u1", chunks=(50, 32, 32, 3), compression="gzip")
        for start in np.random.default_rng(1).permutation(np.arange(0, len(images), 50)):
            chunks[start : start + 50] = images[start : start + 50]
        file["train/labels"] = labels
        file["train/mean"] = images.mean(axis=(0, 1, 2))
        file["test/images"], file["test/labels"] = images[:400], labels[:400]
        file["latest"] = h5py.SoftLink("/train/images")
        file["more"] = h5py.ExternalLink("elsewhere.h5", "/images")


def take(page: Any, address: str, home: Home) -> None:
    from docs.screenshots.take import picture

    page.goto(f"{address}/inspector")
    page.get_by_text("The same sample in other stores").wait_for()
    page.locator("[data-position]").first.wait_for()
    picture(page, "inspector", MOST_HEIGHT)
    files = home.root / "files"
    page.goto(f"{address}/inspector?file={quote(str(files / 'train.lmdb'))}")
    page.get_by_text("Read as", exact=True).wait_for()
    page.locator("[data-position]").first.wait_for()
    picture(page, "inspector-file", MOST_HEIGHT)
    structure(page)
    picture(page, "inspector-lmdb", MOST_HEIGHT)
    page.goto(f"{address}/inspector?file={quote(str(files / 'features.h5'))}")
    structure(page)
    picture(page, "inspector-hdf5", MOST_HEIGHT)


def structure(page: Any) -> None:
    page.get_by_role("radio", name="Structure").click()
    page.get_by_text("Estimates").wait_for(timeout=30_000)
